"""Whether a notice is still true when it is sent."""

from datetime import datetime

from django.conf import settings
from django.db.models import F, Q

from events.models import ANNOUNCED, Event, Telling
from notifications.models import OF_INTEREST, FanOut, Kind, Message, Notice, State
from notifications.selectors.digests import has_news
from notifications.services import audience, messages
from notifications.services.fan_outs import changed_values, is_still_due
from notifications.services.interest_notices import is_true
from notifications.services.interest_notices import wants as interested_in
from notifications.services.preferences import opted_out, wants_digest, wants_reminders
from registrations.models import LIVE, Registration, RegistrationStatus, Transition
from registrations.selectors.open_answers import owing

OVERTAKEN = "something newer happened"
GONE = "the registration is gone"
NOT_CONFIRMED = "the person has not confirmed"
OVER = "the event is over"
NOT_ON = "the event is not on"
NO_ORGANIZER = "the person organizes no events"
NOTHING_NEW = "nothing happened"
DEACTIVATED = "the account is deactivated"
NOT_ADDRESSED = "the address is not confirmed"
NOT_WANTED = "the person does not want it"
# Organizers must not see these of everybody (notifications/selectors/notices.py).
ABOUT_THE_ACCOUNT = (DEACTIVATED, NOT_ADDRESSED, NOT_WANTED)
TRIED = Q(attempts__gt=0) | Q(state=State.SKIPPED, why__in=ABOUT_THE_ACCOUNT)
# Organizers may see these as sent, so what becomes of later ones must not differ by the account either.
HAD_THEIR_TURN = Q(state=State.SENT) | TRIED


def reason_to_skip(notice: Notice, *, now: datetime) -> str:
    """Return why the notice must not be sent any more, or an empty text.

    What has nothing to do with the account comes first: organizers see it, and it must not depend on the account.
    """
    return reason_in_facts(notice, now=now) or _reason_in_account(notice)


def reason_in_facts(notice: Notice, *, now: datetime) -> str:
    if notice.kind == Kind.DIGEST:
        return _about_digest(notice)
    if notice.removal:
        return _about_removal(notice, now)
    if notice.kind in OF_INTEREST:
        return _about_interest(notice, now)
    registration = notice.registration
    if registration is None or registration.user_id != notice.user_id:
        return GONE
    if registration.confirm_by is not None:
        return NOT_CONFIRMED
    if notice.fan_out and notice.fan_out.message:
        return _about_message(notice.fan_out.message, notice.event, registration)
    if notice.event.is_over(now):
        return OVER
    if notice.fan_out:
        return _about_fan_out(notice, notice.fan_out, registration, now)
    return _about_registration(notice, registration)


def _reason_in_account(notice: Notice) -> str:
    user = notice.user
    if not user.is_active:
        return DEACTIVATED
    if settings.EMAIL_VERIFICATION == "required" and user.email_verified is False:
        return NOT_ADDRESSED
    if notice.kind in (Kind.MESSAGE, *OF_INTEREST) and opted_out([user.pk], notice.event):
        return NOT_WANTED
    if notice.kind == Kind.DIGEST and not wants_digest(user.pk):
        return NOT_WANTED
    return NOT_WANTED if notice.kind == Kind.REMINDER and not wants_reminders(user.pk) else ""


def _about_digest(notice: Notice) -> str:
    if not notice.user.is_organizer:
        return NO_ORGANIZER
    return "" if has_news(notice) else NOTHING_NEW


def _about_registration(notice: Notice, registration: Registration) -> str:
    # Also of another registration: whoever cancels and registers again must not read last that it is cancelled.
    of_the_same = {"registration__user": registration.user_id, "registration__event": registration.event_id}
    later = Transition.objects.filter(**of_the_same, pk__gt=notice.transition_id)
    if notice.kind != Kind.TICKET:  # the email about a later ticket has the same one
        stays = Q(becomes=F("was"))
        # Without a later ticket, a line of who keeps a seat says that they confirmed it.
        later = later.exclude(stays if registration.issue else stays & Q(becomes=RegistrationStatus.WAITLISTED))
    if later.exists():
        return OVERTAKEN
    if notice.kind != Kind.CANCELLED and notice.event.status not in ANNOUNCED:
        return NOT_ON
    return ""


def _about_removal(notice: Notice, now: datetime) -> str:
    if notice.event.is_over(now):
        return OVER
    if notice.event.status not in ANNOUNCED:  # of a cancelled event people know
        return NOT_ON
    again = Registration.objects.live().filter(event=notice.event_id, user=notice.user_id)
    return OVERTAKEN if again.exists() else ""


def _about_interest(notice: Notice, now: datetime) -> str:
    """Say no more than that something has changed, where the person may not see the event any more."""
    event = notice.event
    is_due = event.notifications != Telling.NONE and is_true(notice.kind, event, now)
    is_told = interested_in(event.pk).filter(user=notice.user_id).exists() and event.is_visible_to(notice.user)
    return "" if is_due and is_told else OVERTAKEN


def _about_message(message: Message, event: Event, registration: Registration) -> str:
    if not messages.may_be_sent(message, event):
        return messages.STOPPED
    return "" if registration.status in audience.statuses_of(message.audience) else OVERTAKEN


def _about_fan_out(notice: Notice, fan_out: FanOut, registration: Registration, now: datetime) -> str:
    if registration.status not in LIVE:
        return OVERTAKEN
    if notice.kind == Kind.REMINDER and registration.status != RegistrationStatus.REGISTERED:
        return "the person is there already" if registration.status == RegistrationStatus.ATTENDED else OVERTAKEN
    if notice.kind == Kind.ANSWERS and not owing(Registration.objects.filter(pk=registration.pk)).exists():
        return "the person has answered"
    is_change = notice.kind == Kind.EVENT_CHANGED
    if is_change and (not changed_values(fan_out, registration) or _is_told_already(registration, fan_out)):
        return OVERTAKEN
    if not is_still_due(fan_out, now) or _is_known(notice, fan_out):
        return OVERTAKEN
    return ""


def _is_told_already(registration: Registration, fan_out: FanOut) -> bool:
    """Return whether a mail about an earlier change, sent after this one, has told its values."""
    others = Notice.objects.filter(HAD_THEIR_TURN, registration=registration, kind=Kind.EVENT_CHANGED)
    # One that is being tried again will tell the newest values.
    return others.filter(Q(done_at__gt=fan_out.not_before) | Q(done_at=None)).exclude(fan_out=fan_out).exists()


def _is_known(notice: Notice, fan_out: FanOut) -> bool:
    """Return whether the person knows that the event is cancelled, or never read that it was."""
    if notice.kind not in (Kind.EVENT_CANCELLED, Kind.EVENT_REOPENED):
        return False
    others = Notice.objects.filter(HAD_THEIR_TURN, registration=notice.registration_id).exclude(pk=notice.pk)
    last = others.filter(kind__in=(Kind.EVENT_CANCELLED, Kind.EVENT_REOPENED)).order_by("-pk").first()
    if last is not None:
        return bool(last.kind == notice.kind)
    cancellations = FanOut.objects.filter(event=fan_out.event_id, kind=Kind.EVENT_CANCELLED, pk__lt=fan_out.pk)
    return notice.kind == Kind.EVENT_REOPENED and cancellations.exists()
