"""From files to today's list in one go: the import, then the figures and actions that follow from it; and back."""

from __future__ import annotations

from django.db import transaction
from django.utils import translation

from regulars.base.access import Permission, require
from regulars.base.jobs import enqueue, job
from regulars.base.models import Member
from regulars.facts.duplicates import look_for_duplicates
from regulars.facts.imports.progress import Meter
from regulars.facts.imports.undo import demand_in_force, undo_import
from regulars.facts.imports.uploads import claim_for_import, finish_upload, import_upload
from regulars.facts.models import Import, Upload
from regulars.plan.daily import refresh


@transaction.atomic
def begin_import(*, upload: Upload, member: Member) -> None:
    """Have a job import the files of an upload and compute what follows. Raises `BeingWorkedOn`, `NothingToImport`."""
    found = claim_for_import(upload=upload, member=member)
    found.job_id = enqueue(take_in, upload_id=found.pk, language=_language())
    found.save()


@transaction.atomic
def begin_undo(*, import_: Import, member: Member) -> None:
    """Have a job take an import back and compute what follows. Raises `CannotUndo`."""
    require(member, Permission.IMPORT)
    found = Import.objects.select_for_update().get(pk=import_.pk)
    demand_in_force(found)
    found.doing, found.share_done = "", 0.0
    found.job_id = enqueue(take_back, import_id=found.pk, member_id=member.pk, language=_language())
    found.save(update_fields=["doing", "share_done", "job_id", "updated_at"])


@job(retries=0)
def take_in(*, upload_id: int, language: str) -> None:
    """Import an upload, unless that is done already, bring figures and actions up to date, and look for duplicates."""
    upload = Upload.objects.select_related("member", "made").get(pk=upload_id)
    meter = Meter(upload)
    with translation.override(language):
        if upload.made is None and import_upload(upload=upload, meter=meter) is None:
            return
        refresh(progress=meter.span(0.75, 1.0))
    finish_upload(upload)
    look_for_duplicates(member=None)


@job(retries=0)
def take_back(*, import_id: int, member_id: int, language: str) -> None:
    """Take an import back, unless that is done already, and bring figures and actions up to date."""
    import_ = Import.objects.get(pk=import_id)
    meter = Meter(import_)
    with translation.override(language):
        if import_.state == Import.State.DONE:
            undo_import(import_=import_, member=Member.objects.get(pk=member_id), progress=meter.span(0.0, 0.6))
        refresh(progress=meter.span(0.6, 1.0))


def _language() -> str:
    return translation.get_language() or "en"
