"""Deployment packages for the tests."""
import io
import zipfile


def zip_of(files):
    """A zip of {name: text or bytes}; executable, as Lambda's own packages are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
