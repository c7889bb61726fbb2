"""Runs scan_on_spark.py on the sample case, and holds what `casefile build` makes of it against
what it makes of the logs themselves: every entry of both bundles, but for the lists of files.

    python3 -m venv venv && venv/bin/pip install pyspark     # and Java 17
    venv/bin/python scripts/spark/check.py target/release/casefile

Exits with 0 where they are equal. MASTER chooses the cluster; by default it is a cluster of two
workers on this machine (`local-cluster[2,1,1024]`).
"""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
SAMPLE = HERE.parent.parent / "sample-data" / "throttle"
MASTER = os.environ.get("MASTER", "local-cluster[2,1,1024]")

# They list files: the partial among them, and logs without a digest where they came in pieces.
LISTS = (
    "bag-info.txt",
    "data/facts.json",
    "data/sources.json",
    "data/tables/coverage.csv",
    "data/tables/datapackage.json",
    "manifest-sha256.txt",
    "tagmanifest-sha256.txt",
)


def unpacked(folder):
    """The sample with its logs unpacked: Spark splits no gzip."""
    shutil.copytree(SAMPLE, folder)
    for log in (folder / "logs").glob("*.gz"):
        log.with_suffix("").write_bytes(gzip.decompress(log.read_bytes()))
        log.unlink()
    return sorted((folder / "logs").iterdir())


def build(casefile, case, output, key):
    subprocess.run([casefile, "build", "--quiet", "--key", key, "-o", output, case], check=True)
    entries = {}
    for bundle in sorted((output / "send").glob("*.zip")):
        with zipfile.ZipFile(bundle) as packed:
            entries.update({name: packed.read(name) for name in packed.namelist()})
    facts = json.loads((output / "keep" / "facts.json").read_text(encoding="utf-8"))
    return entries, facts


def without_files(facts):
    """Facts but for what is said of single files."""
    said = ("coverage.", "problems.")
    facts["facts"] = [fact for fact in facts["facts"] if not fact["id"].startswith(said)]
    return {key: value for key, value in facts.items() if key not in ("coverage", "problems")}


def main():
    casefile = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        key = folder / "key"
        key.write_text("00" * 32 + "\n", encoding="utf-8")
        logs = unpacked(folder / "logs" / "throttle")
        unpacked(folder / "partials" / "throttle")
        one, one_facts = build(casefile, folder / "logs" / "throttle", folder / "one", key)
        case = folder / "partials" / "throttle"
        submit = ["spark-submit", "--master", MASTER, HERE / "scan_on_spark.py", "--casefile", casefile]
        submit[0] = shutil.which("spark-submit", path=os.path.dirname(sys.executable)) or "spark-submit"
        environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
        subprocess.run(
            [*submit, "--case", case / "case.yaml", "--below", folder / "logs" / "throttle", "-o", case / "all.part", *logs],
            check=True,
            env=environment,
        )
        shutil.rmtree(case / "logs")
        other, other_facts = build(casefile, case, folder / "other", key)
        differing = [name for name in one if not name.endswith(LISTS) and one[name] != other.get(name)]
        facts, others = without_files(one_facts), without_files(other_facts)
        differing += [f"keep/facts.json: {key}" for key in facts if facts[key] != others.get(key)]
        differing += sorted(set(one) ^ set(other))
        print(f"{MASTER}: {len(one)} entries of the bundles, {len(facts['facts'])} facts; differing: {differing or 'none'}")
        sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
