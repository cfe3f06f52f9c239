"""How to search, by examples that each find what they say."""

import msgspec

from webapp.context import N_


class Example(msgspec.Struct, frozen=True):
    """What a reader may type, and what it finds."""

    typed: str
    finds: str


class Topic(msgspec.Struct, frozen=True):
    """One thing to know about searching."""

    name: str  # its place on the page
    heading: str
    advice: str
    examples: tuple[Example, ...]


TOPICS = (
    Topic(
        "words",
        N_("Just type words"),
        N_(
            "Words of the title, the creator, the subject or the publisher, "
            "in Thai or English and in any order. Thai needs no spaces between words."
        ),
        (
            Example("ประวัติศาสตร์ ขอนแก่น", N_("titles with both words, wherever they stand")),
            Example("ประวัติศาสตร์ขอนแก่น", N_("the same, typed without a space")),
            Example("security information", N_("English words in any order, in capital or small letters")),
        ),
    ),
    Topic(
        "quotes",
        N_("Words that belong together: quotation marks"),
        N_("What stands in quotation marks is found just so, side by side."),
        (
            Example('"ประวัติศาสตร์ท้องถิ่น"', N_("titles that have this phrase")),
            Example('"information security"', N_("titles that have this phrase")),
        ),
    ),
    Topic(
        "operators",
        N_("One or the other, this but not that: OR, NOT, AND"),
        N_(
            "Write them in capital letters, or a minus sign right before "
            "a word that you do not want. Brackets hold words together."
        ),
        (
            Example("ขอนแก่น OR มหาสารคาม", N_("titles with either word, or both")),
            Example("พยาบาล NOT วารสาร", N_("titles with the first word that do not have the second")),
            Example("security -food", N_("the same with a minus sign")),
            Example("(network OR information) AND security", N_("the third word, and one of the first two")),
        ),
    ),
    Topic(
        "fields",
        N_("In one field: its name and a colon"),
        N_(
            "Choose the field beside the search box, "
            "or write its name in Thai or English before a colon. Several words go in quotation marks."
        ),
        (
            Example("ผู้แต่ง:ปราโมช", N_("only in the names of creators")),
            Example("title:security", N_("only in titles")),
            Example('หัวเรื่อง:"นวนิยายไทย"', N_("only in subjects")),
            Example("publisher:Routledge", N_("only in the names of publishers")),
        ),
    ),
    Topic(
        "wildcards",
        N_("The beginning of a word: *"),
        N_("A star stands for any letters, a question mark for one letter."),
        (
            Example("comput*", N_("computer, computing, computers …")),
            Example("organi?ation*", N_("organisation and organization")),
        ),
    ),
    Topic(
        "years",
        N_("Years, in either era"),
        N_(
            "A year among the words finds what was published then, B.E. "
            "or C.E. alike. For a span use the filter of years, or brackets."
        ),
        (
            Example(
                "ขอนแก่น 2560",
                N_("titles about it that were published in 2017 (B.E. 2560), or have the number in their name"),
            ),
            Example("ขอนแก่น 2017", N_("the same year, C.E.")),
            Example("ปีพิมพ์:2560", N_("everything published in that year")),
            Example("year:[2015 TO 2017] AND security", N_("a span of years")),
        ),
    ),
    Topic(
        "numbers",
        N_("ISBN, ISSN, barcode"),
        N_(
            "With or without hyphens; an ISBN of ten digits finds the one of thirteen. "
            "The barcode on a copy finds its title."
        ),
        (
            Example("978-616-06-1910-8", N_("the book with this ISBN")),
            Example("6160619101", N_("the same book by its ISBN of ten digits")),
            Example("0125-5118", N_("the journal with this ISSN")),
        ),
    ),
    Topic(
        "call-numbers",
        N_("Call numbers"),
        N_("As they stand on the spine; their beginning is enough. Or browse them as you would a shelf."),
        (
            Example("895.913", N_("call numbers that begin so")),
            Example('เลขเรียก:"PL4209"', N_("only call numbers, not words that look like one")),
        ),
    ),
    Topic(
        "abbreviations",
        N_("Abbreviations"),
        N_("Common abbreviations are found in full and the other way round, with or without their dots."),
        (
            Example("พ.ร.บ. ลิขสิทธิ์", N_("also พระราชบัญญัติลิขสิทธิ์")),
            Example("กทม.", N_("also กรุงเทพมหานคร")),
        ),
    ),
    Topic(
        "names",
        N_("Names of persons"),
        N_("With or without ranks and titles, first name or last name first."),
        (
            Example("คึกฤทธิ์ ปราโมช", N_("also ม.ร.ว. คึกฤทธิ์ ปราโมช")),
            Example("ม.ร.ว. คึกฤทธิ์ ปราโมช", N_("the same person with his rank")),
            Example("Mark Stamp", N_("also Stamp, Mark")),
        ),
    ),
    Topic(
        "keyboard",
        N_("The keyboard in the wrong language"),
        N_("If nothing is found, the same keys are tried in the other language, and we say so."),
        (
            Example("obmko", N_("นิทาน, typed on a keyboard set to English")),
            Example("ืำะไนพา", N_("network, typed on a keyboard set to Thai")),
        ),
    ),
    Topic(
        "romanised",
        N_("Thai in Latin letters"),
        N_(
            "Thai names and words as they are romanised on road signs "
            "or in library catalogues, with or without the marks."
        ),
        (
            Example("khon kaen", N_("also ขอนแก่น")),
            Example("Khō̜n Kǣn", N_("the same as library catalogues write it")),
        ),
    ),
    Topic(
        "spelling",
        N_("Slips of the finger"),
        N_(
            "If nothing is found as typed, the nearest spelling is searched, "
            "and we say so. What you typed stays one click away."
        ),
        (
            Example("ประวัติศาตร์ท้องถิ่น", N_("ประวัติศาสตร์ท้องถิ่น")),
            Example("managment", N_("management")),
        ),
    ),
)
