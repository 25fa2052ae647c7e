"""The reader's own time beside UTC, over the changes of summer time and whatever the machine says of itself."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

import pytest

from blameline.cli.zone import Zone, zone
from blameline.errors import NotFound


@pytest.mark.parametrize(
    ("name", "moment", "told"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "2026-03-29 01:59 CET"),
        ("Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29 03:00 CEST"),
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25 02:30 CEST"),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25 02:30 CET"),
        ("Asia/Kathmandu", datetime(2026, 3, 1, 23, 0, tzinfo=UTC), "2026-03-02 04:45 +0545"),
    ],
)
def test_summer_time_begins_and_ends(name, moment, told):
    assert zone(name).minute(moment) == told


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "Zulu"])
def test_utc_is_not_told_twice(name, monkeypatch):
    assert zone(name) is None
    monkeypatch.setenv("TZ", name)
    assert zone(None) is None


def test_the_machine_s_zone_is_taken_where_none_is_asked_for(monkeypatch):
    monkeypatch.setenv("TZ", ":America/New_York")
    assert zone(None).name == "America/New_York"
    assert zone("Asia/Tokyo").name == "Asia/Tokyo"


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of the process cannot be set")
def test_a_zone_by_rules_alone_has_its_summer_time_too(monkeypatch):
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    try:
        time.tzset()
        found = zone(None)
        assert found == Zone("local time", None)
        assert found.minute(datetime(2026, 1, 1, 12, tzinfo=UTC)) == "2026-01-01 13:00 CET"
        assert found.minute(datetime(2026, 7, 1, 12, tzinfo=UTC)) == "2026-07-01 14:00 CEST"
    finally:
        if before is None:
            monkeypatch.delenv("TZ")
        else:
            monkeypatch.setenv("TZ", before)
        time.tzset()


@pytest.mark.parametrize(
    "name", ["Europe/Berln", "", "/etc/passwd", "../../etc/passwd", "Europe", "a\x00b", "\x1b[2J", "x" * 300]
)
def test_what_is_no_zone_is_one_line(name):
    with pytest.raises(NotFound) as raised:
        zone(name)
    assert "\x1b" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert (
        "Europe/Berlin" in str(raised.value) or "write it" in str(raised.value) or "did you mean" in str(raised.value)
    )
