"""Requests per second at Vault of 10,000 processes that start together, in peace, and after ten minutes without it."""

from __future__ import annotations

from support.fleet import Outage, Path, cold, leased, polled, rates, token

PROCESSES = 10_000
HOUR = 3600.0

FLEETS: list[tuple[str, list[Path], Outage, float]] = [
    ("5 KV paths, interval 60 s", [polled(60.0)] * 5 + [token(HOUR)], Outage(3000, 3600), 6000),
    ("5 KV paths, interval 300 s", [polled(300.0)] * 5 + [token(HOUR)], Outage(3000, 3600), 9000),
    (
        "4 KV paths, 60 s, and a lease of 1 h",
        [polled(60.0)] * 4 + [leased(HOUR), token(HOUR)],
        Outage(3000, 3600),
        6000,
    ),
    ("5 KV paths, 60 s, started in the outage", [cold(60.0)] * 5, Outage(0, 600), 2400),
    ("5 leases of 1 h", [leased(HOUR)] * 5, Outage(5 * HOUR, 5 * HOUR + 600), 9 * HOUR),
]


def main() -> None:
    print("| fleet | steady, requests/s | highest 10 s from the start | after the outage | worst/steady |")
    print("|---|---|---|---|---|")
    for name, paths, outage, until in FLEETS:
        found = rates(PROCESSES, paths, outage=outage, until=until)
        start = f"{found.start:.0f}" if outage.start else "–"
        print(f"| {name} | {found.steady:.0f} | {start} | {found.after:.0f} | {found.worst:.2f} |")


if __name__ == "__main__":
    main()
