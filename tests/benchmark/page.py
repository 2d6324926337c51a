import pathlib
MEASURED=pathlib.Path("/tmp/b/measured.json")
class Series: pass
def facts(): return {}
