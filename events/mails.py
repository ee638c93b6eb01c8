"""The mail that invites to the team of an event, as a background task."""

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from accounts import signed_links
from accounts.mails import HOUR, MOST_LINKS_AN_HOUR, SECONDS_BETWEEN_LINKS, send_mail
from accounts.models import User
from accounts.services import token_secrets
from eventhub.api import credential_limit
from eventhub.languages import Language, first_language
from eventhub.tasks import task
from events.models import TeamInvitation, TeamRole

PREFIX = "evi_"
FOLDERS = {Language.EN: "events/mails", Language.DE: "events/mails/de"}
SUBJECTS = {Language.EN: "Help run “{}”", Language.DE: "Helfen Sie mit bei „{}“"}
ROLES = {
    Language.EN: {
        TeamRole.MANAGER: "As a manager, you can run the event: its people, mails and doors.",
        TeamRole.EDITOR: "As an editor, you can change the event's texts and questions.",
        TeamRole.HELPER: "As a door helper, you can see who comes and check people in.",
        TeamRole.VIEWER: "As a viewer, you can see the event's numbers.",
    },
    Language.DE: {
        TeamRole.MANAGER: "Sie können die Veranstaltung leiten: Teilnehmende, E-Mails und Einlass.",
        TeamRole.EDITOR: "Sie können Texte und Fragen der Veranstaltung bearbeiten.",
        TeamRole.HELPER: "Sie können sehen, wer kommt, und Menschen einlassen.",
        TeamRole.VIEWER: "Sie können die Zahlen der Veranstaltung sehen.",
    },
}


@task
def send_team_invitation(invitation_id: int) -> None:
    """Send the link. Its secret is made here, and only a digest of it is stored."""
    found = TeamInvitation.objects.select_related("event__organizer__profile").filter(pk=invitation_id).first()
    if found is None or found.expires_at <= timezone.now():
        return
    address = signed_links.fingerprint(found.email)
    key = f"mail:team:{found.pk}:{address}"
    if not cache.add(key, True, SECONDS_BETWEEN_LINKS):
        return
    if credential_limit.count(f"mail:team:{address}", seconds=HOUR).so_far > MOST_LINKS_AN_HOUR:
        return
    try:
        _send(found)
    except Exception:
        cache.delete(key)
        raise


def _send(found: TeamInvitation) -> None:
    secret = token_secrets.new_secret(PREFIX)
    if not TeamInvitation.objects.filter(pk=found.pk).update(digest=token_secrets.digest_of(secret)):
        return
    event = found.event
    own = User.objects.filter(email=found.email).values_list("language", flat=True).first()
    language = Language(first_language(own or "", event.language))
    title = event.title
    send_mail(
        language,
        found.email,
        SUBJECTS[language].format(title),
        f"{FOLDERS[language]}/invitation",
        title=title,
        organizer=event.organizer.public_profile.public_name,
        role=ROLES[language][TeamRole(found.role)],
        link=f"{settings.PUBLIC_URL}/admin/team-invitation/?token={secret}",
    )
