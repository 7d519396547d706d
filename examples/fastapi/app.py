# app.py
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Response
from pydantic import BaseModel

from toriconfig import Secret, aprefetch, arefresh, health, lazy, replace


class Search(BaseModel):
    page_size: int = 10
    index: str = "main"


class App(BaseModel):
    search: Search = Search()
    api_key: Secret[str]


settings = lazy(App, config_name="app", env_prefix="APP_", env_nested_delimiter="__")


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await aprefetch(settings)  # fail at the start, not at the first request
    yield


app = FastAPI(lifespan=lifespan)


def for_request(x_tenant: Annotated[str | None, Header()] = None) -> App:
    """The settings of one HTTP request: a validated copy if the request names a tenant."""
    return replace(settings, search={"index": x_tenant}) if x_tenant else settings


@app.get("/search")
async def search(current: Annotated[App, Depends(for_request)]) -> dict[str, object]:
    return {"index": current.search.index, "page_size": current.search.page_size, "key": str(current.api_key)}


@app.get("/health")
async def healthy(response: Response) -> dict[str, object]:
    found = health(settings)  # from memory, even while Vault hangs
    response.status_code = 200 if found.ok else 503
    return {"ok": found.ok}


@app.post("/refresh")
async def refreshed() -> list[str]:
    return [change.path for change in await arefresh(settings)]
