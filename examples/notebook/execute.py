# execute.py
import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

notebook = nbformat.v4.new_notebook()
with open("cells.ipy", encoding="utf-8") as file:
    for number, part in enumerate(file.read().split("# %%")[1:]):
        kind, _, text = part.partition("\n")
        if "markdown" in kind:
            cell = nbformat.v4.new_markdown_cell(text.strip().removeprefix("# ").replace("\n# ", "\n"))
        else:
            cell = nbformat.v4.new_code_cell(text.strip())
        cell.id = f"cell-{number}"
        notebook.cells.append(cell)

local = Config(KernelManager={"transport": "ipc"})  # sockets of this machine, which need no encryption
NotebookClient(notebook, config=local, record_timing=False).execute()
for cell in notebook.cells:
    for output in cell.get("outputs", ()):
        print(output["text"] if output["output_type"] == "stream" else output["data"]["text/plain"])
nbformat.write(notebook, "settings.ipynb")
