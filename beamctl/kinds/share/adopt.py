"""Shares in a document that is edited to say what is live.

A module of its own: only drift imports it."""

from __future__ import annotations

from beamctl.document.data_edit import Put, Remove, value_at
from beamctl.document.desired import Desired, Mode
from beamctl.kinds.share.live import SECTION, share_of
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.adoption import Adopter, Adoption
from beamctl.plan.change import Change
from beamctl.plan.listing import Exported


class ShareAdopter(Adopter):
    """Adopts all workspaces with which an object is shared at once."""

    def adoption(self, change: Change, desired: Desired, exported: Exported) -> Adoption:
        """The list of an object's workspaces. An additive section keeps only those that it lists."""
        share = share_of(change.key)
        if change.key in exported.left_out:
            return Adoption(change, whys=(fact(Code.NOT_EXPRESSIBLE),))
        path = (SECTION, share.what.key, share.name)
        live = value_at(exported.entries, path[1:]) or []
        declared = value_at(desired.document.data, path)
        if desired.mode(SECTION) is Mode.ADDITIVE:
            live = [each for each in live if each in (declared or ())]
        if not live:
            return Adoption(change, (Remove(path),))
        return Adoption(change, (Put(path, live),))
