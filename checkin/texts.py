"""The words of the page and the PDF of a ticket in every language."""

from typing import NamedTuple

from eventhub.languages import Language, current_language


class TicketWords(NamedTuple):
    name: str
    when: str
    where: str
    online: str
    cancelled: str
    over: str
    picture: str
    letters: str
    show: str
    not_valid: str
    not_valid_long: str


WORDS: dict[str, TicketWords] = {
    Language.EN: TicketWords(
        name="Name",
        when="When",
        where="Where",
        online="Online",
        cancelled="The event is cancelled.",
        over="The event is over.",
        picture="QR code of this ticket. Its code is below.",
        letters="This file cannot show some letters and has a “?” in their place. The code is not affected.",
        show="Show this page at the entrance, on your phone or printed. Whoever has it can come in, so keep the link to"
        " yourself.",
        not_valid="This ticket is not valid",
        not_valid_long="It may have been replaced by a newer one, or the registration was cancelled. Check that you"
        " copied the whole link, or open the one in your latest email.",
    ),
    Language.DE: TicketWords(
        name="Name",
        when="Wann",
        where="Wo",
        online="Online",
        cancelled="Die Veranstaltung ist abgesagt.",
        over="Die Veranstaltung ist vorbei.",
        picture="QR-Code dieses Tickets. Der Code steht darunter.",
        letters="Einige Buchstaben kann diese Datei nicht darstellen, dort steht „?“. Am Code ändert das nichts.",
        show="Zeigen Sie diese Seite am Eingang, auf dem Handy oder ausgedruckt. Wer sie hat, kommt hinein: Geben Sie"
        " den Link nicht weiter.",
        not_valid="Dieses Ticket gilt nicht",
        not_valid_long="Vielleicht gibt es ein neueres, oder die Anmeldung ist storniert. Prüfen Sie, ob Sie den Link"
        " vollständig kopiert haben, oder öffnen Sie den Link aus Ihrer neuesten E-Mail.",
    ),
}


def words() -> TicketWords:
    return WORDS[current_language()]
