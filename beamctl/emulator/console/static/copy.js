// The copy buttons of a page with a secret. They stay hidden without this script.
for (const button of document.querySelectorAll("button[data-copies]")) {
  const secret = document.getElementById(button.dataset.copies);
  const answer = document.getElementById(`${button.dataset.copies}-copied`);
  button.hidden = false;
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(secret);
    let copied;
    try {
      await navigator.clipboard.writeText(secret.textContent);
      copied = true;
    } catch {
      copied = document.execCommand("copy"); // outside localhost, HTTP pages have no clipboard
    }
    answer.textContent = copied ? "Copied." : "It is selected. Copy it with your keyboard.";
  });
}
