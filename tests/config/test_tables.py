"""The tables a librarian edits: read whole, and every fault said with its file, table and key."""

from pathlib import Path

import pytest

import sahaban
from config import ConfigError, Tables, read
from tests.conftest import ROOT


def write(directory: Path, **changed: str) -> Path:
    for name in ("members", "fields", "settings"):
        text = changed.get(name, (ROOT / "config" / f"{name}.toml").read_text(encoding="utf-8"))
        (directory / f"{name}.toml").write_text(text, encoding="utf-8")
    return directory


def faults(directory: Path, environ: dict[str, str] | None = None, **changed: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(write(directory, **changed), sahaban.known(), environ or {})
    return caught.value.faults


def test_the_shipped_tables_hold_the_eleven_of_the_agreement(tables: Tables) -> None:
    assert list(tables.members) == "kku kkvc kktc rmuti neu cas kkpl kkh kkm kkpao bcnkk".split()
    assert all(member.name.th and member.name.en for member in tables.members.values())
    assert tables.members["kktc"].name.th == "ห้องสมุด วิทยาลัยเทคนิคขอนแก่น"


def test_every_field_has_a_label_in_both_languages(tables: Tables) -> None:
    assert all(field.label.th and field.label.en for field in tables.fields.values())
    assert len(tables.fields) == 18


MEMBER = '[aaa]\nname.th = "ก"\nname.en = "A"\nkind = "college"\n'


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (MEMBER + 'adress.th = "x"', "members.toml: [aaa] adress: unknown key; did you mean address?"),
        (MEMBER + "phone = 43", "members.toml: [aaa] phone: Expected `str`, got `int`"),
        ('[aaa]\nname.th = "ก"\nkind = "x"', "members.toml: [aaa] name: Object missing required field `en`"),
        ('[Aaa]\nname.th = "ก"\nname.en = "A"\nkind = "x"', "members.toml: [Aaa]: a member's code is lower-case"),
        (
            MEMBER + '[[aaa.source]]\nprotocol = "oay"\nformat = "marc"',
            'protocol: unknown protocol "oay"; did you mean oai?',
        ),
        (MEMBER + '[[aaa.source]]\nprotocol = "file"\npath = "x"\nformat = "mark"', 'format: unknown format "mark"'),
        (MEMBER + '[[aaa.source]]\nprotocol = "oai"\nformat = "marcxml"', "[[aaa.source]] 1 url: an oai source needs"),
        (MEMBER + '[[aaa.source]]\nprotocol = "file"\nformat = "marc"', "[[aaa.source]] 1 path: a file source needs"),
        (
            MEMBER + '[[aaa.source]]\nprotocol = "oai"\nurl = "http://x"\nformat = "oai_dc"\nload = "full"',
            "load: an oai server says itself what was deleted",
        ),
        (MEMBER + '[aaa.source]\nprotocol = "file"', "write it as [[aaa.source]]"),
        (
            MEMBER + '[[aaa.source]]\nprotocol = "file"\npath = "x"\nformat = "marc"\nencoding = "tis-999"',
            'encoding: unknown encoding "tis-999"',
        ),
        (
            MEMBER + '[[aaa.source]]\nprotocol = "file"\npath = "x"\nformat = "marc"\nload = "all"',
            "load: Invalid enum value 'all'",
        ),
        (
            MEMBER + '[[aaa.source]]\nprotocol = "file"\npath = "x"\nformat = "marc"\nholdings = "852: b=shelve"',
            'holdings: unknown part of a holding "shelve"',
        ),
        (
            MEMBER + '[[aaa.source]]\nprotocol = "file"\npath = "x"\nformat = "sheet"\ncolumns = { "ตู้" = "locaton" }',
            'columns.ตู้: unknown field "locaton"; did you mean location?',
        ),
        ("[aaa\n", "members.toml: is not TOML"),
        ('aaa = "x"', "members.toml: [aaa]: expected a table"),
    ],
)
def test_a_wrong_member_is_named_with_file_table_and_key(tmp_path: Path, members: str, said: str) -> None:
    assert any(said in fault for fault in faults(tmp_path, members=members)), faults(tmp_path, members=members)


FIELD = '[thing]\nlabel.th = "ของ"\nlabel.en = "Thing"\n'


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (FIELD + 'merge = "unite"', 'fields.toml: [thing] merge: unknown merge rule "unite"; did you mean union?'),
        (FIELD + 'analyser = "thay"', 'fields.toml: [thing] analyser: unknown analyser "thay"'),
        (FIELD + 'derive = "yeer"', 'fields.toml: [thing] derive: unknown function "yeer"; did you mean year?'),
        (FIELD + 'marc = "24abc"', 'fields.toml: [thing] marc: "24abc" is no path'),
        (FIELD + 'weight = "six"', "fields.toml: [thing] weight: Expected `int`"),
        (FIELD + 'marc = "008[9-3]"', '"008[9-3]" is no path'),
        (FIELD + "weight = -1", "fields.toml: [thing] weight: Expected `int` >= 0"),
        ('[member]\nlabel.th = "ก"\nlabel.en = "M"', "fields.toml: [member]: a field's name is"),
        (
            FIELD + 'sheet = ["x"]\n[other]\nlabel.th = "อ"\nlabel.en = "O"\nsheet = ["X"]',
            'the header "X" belongs to [thing]',
        ),
    ],
)
def test_a_wrong_field_is_named_with_file_table_and_key(tmp_path: Path, fields: str, said: str) -> None:
    assert any(said in fault for fault in faults(tmp_path, fields=fields)), faults(tmp_path, fields=fields)


def test_all_faults_of_all_tables_are_said_at_once(tmp_path: Path) -> None:
    said = faults(
        tmp_path,
        members=MEMBER + "phone = 1\nweb = 2",
        fields=FIELD + 'merge = "x"\nanalyser = "y"',
        settings='engine = "solr"\nport = "many"',
    )
    assert {fault.split(":")[0] for fault in said} == {"members.toml", "fields.toml", "settings.toml"}
    assert len(said) >= 5


def test_a_code_and_a_field_given_twice_are_named_with_the_other_faults(tmp_path: Path) -> None:
    said = faults(tmp_path, members=MEMBER + MEMBER.replace('"A"', "5"), fields=FIELD + FIELD)
    assert any("members.toml: [aaa]: this table stands twice; the second is at line 5" in fault for fault in said)
    assert any("fields.toml: [thing]: this table stands twice" in fault for fault in said)
    assert any("members.toml: [aaa] name" in fault for fault in said)


def test_a_missing_table_names_the_command_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"members\.toml: not found in .*sahaban init"):
        read(tmp_path, sahaban.known(), {})


def test_the_environment_overrides_the_settings(tmp_path: Path) -> None:
    environ = {"SAHABAN_ENGINE": "whoosh", "SAHABAN_PORT": "9000", "SAHABAN_HOME": "/ignored"}
    settings = read(write(tmp_path), sahaban.known(), environ).settings
    assert (settings.engine, settings.port) == ("whoosh", 9000)


def test_a_wrong_environment_is_a_fault_too(tmp_path: Path) -> None:
    assert any("SAHABAN_… port" in fault for fault in faults(tmp_path, {"SAHABAN_PORT": "many"}))


@pytest.mark.parametrize(
    "row",
    ["port = 99999", "page_size = 0", "timeout = -1.0", "retries = -1", "withdraw_percent = nan", "a = " + "[" * 3000],
)
def test_settings_that_make_no_sense(tmp_path: Path, row: str) -> None:
    assert all(fault.startswith("settings.toml:") for fault in faults(tmp_path, settings=row))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('mail_to = "a@x.ac.th"', "mail_from: is missing"),
        (
            'mail_to = "a@x.ac.th; b@x.ac.th"\nmail_from = "s@x.ac.th"',
            'mail_to: "a@x.ac.th; b@x.ac.th" is no mail address',
        ),
        ('mail_to = "a@x.ac.th\\nBcc: evil@x.org"\nmail_from = "s@x.ac.th"', "is no mail address"),
        ('mail_from = "สมศรี@x.ac.th"', 'mail_from: "สมศรี@x.ac.th" is no mail address'),
        ('mail_host = "smtp://x"', 'mail_host: "smtp://x" is no name of a server'),
        ('mail_user = "u"', "mail_password: is missing"),
        ('mail_password = "env:S"', "mail_user: is missing"),
        ('mail_user = "u"\nmail_password = "hunter2"', "mail_password: write where it is, env:NAME or file:PATH"),
        (
            'mail_user = "u"\nmail_password = "env:S"\nmail_host = "smtp.x.ac.th"',
            "mail_security: a password is never sent in",
        ),
        ('webhook = "ftp://x/hunter2"', "webhook: is no address"),
        ('webhook = "http://[::1"', "webhook: is no address"),
        ('address = "javascript:alert(1)"', "address: is no address"),
        ('contact = "a\\nX-Header: b"', "contact: is more than one line"),
        ('mail_to = "a@x.ac.th\\nBcc: b"\nmail_from = "a@x.ac.th"', 'mail_to: "a@x.ac.th Bcc: b" is no mail address'),
        ("members_at_once = 0", "members_at_once: Expected `int` >= 1"),
        ('mail_when = "sometimes"', "mail_when: Invalid enum value"),
    ],
)
def test_what_a_night_could_not_send_is_a_fault(tmp_path: Path, row: str, said: str) -> None:
    found = faults(tmp_path, settings=row)
    assert [fault for fault in found if fault.startswith("settings.toml: ") and said in fault], found
    assert not [fault for fault in found if "hunter2" in fault], "a secret is not repeated"


@pytest.mark.parametrize(
    "row",
    [
        'mail_to = "a@x.ac.th, b@y.ac.th"\nmail_from = "s@x.ac.th"\nmail_host = "smtp.x.ac.th"\nmail_port = 587\n'
        'mail_security = "starttls"\nmail_user = "u"\nmail_password = "file:secrets/smtp"',
        'mail_to = "a@x.ac.th"\nmail_from = "s@x.ac.th"\nmail_user = "u"\nmail_password = "env:S"',
        'webhook = "http://10.0.0.5:8065/hooks/x?y=z"\nbackups = 7\nbackup_directory = "/backup"',
    ],
)
def test_what_a_night_can_send(tmp_path: Path, row: str) -> None:
    assert read(write(tmp_path, settings=row), sahaban.known(), {}).settings.members_at_once == 4
