# test_flat_variables.py
import flat_after
import flat_before
import pytest

from toriconfig import reload


@pytest.mark.parametrize("variables", [{}, {"CHUNK_SIZE": "1200"}, {"CHUNK_SIZE": "1200", "CHUNK_OVERLAP": "90"}])
def test_the_old_variables_still_count(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"TORI_{name}", value)
    reload(flat_after.settings)
    assert flat_after.chunking() == flat_before.chunking()
