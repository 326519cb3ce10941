"""What beamctl does, each as a short story. `questions` can only read; `changes` is given what can write."""
