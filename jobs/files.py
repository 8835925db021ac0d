"""Small files beside the tables, on any file system that pyarrow knows."""

from pyarrow import fs

from udfs.pieces import resolved


def exists(path: str) -> bool:
    """Whether there is a file or folder."""
    system, place = resolved(path)
    return bool(system.get_file_info(place).type != fs.FileType.NotFound)


def write_text(path: str, text: str) -> None:
    """Write a file whole: first beside its place, then moved into it."""
    system, place = resolved(path)
    system.create_dir(place.rpartition("/")[0], recursive=True)
    with system.open_output_stream(f"{place}.part") as stream:
        stream.write(text.encode("utf-8"))
    system.move(f"{place}.part", place)
