"""Where a model is written, and how: what could go wrong, and which test sees it.

A secret model becomes readable to all, if only for a moment (modes); a file that was saved is called an error (folder
that cannot be read); what a killed process left stays for ever, or what another process is writing is swept away
(sweeping); a model takes the name of another format, or what is no path ends in a riddle (names); a model is written
where a training would go on from.
"""

import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ended_fits import EndAt, Ended

import fastmlp as fm
from fastmlp._files import atomic
from fastmlp.sklearn import TabularClassifier


def network(seed=0):
    return fm.Network(2, [fm.Dense(1)], seed=seed)


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def test_a_new_file_has_the_mode_of_new_files(tmp_path, umask):
    network().save(tmp_path / "model.safetensors")
    assert mode_of(tmp_path / "model.safetensors") == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o777])
def test_a_file_that_is_there_keeps_its_mode_and_shows_it_to_nobody_else_meanwhile(tmp_path, monkeypatch, umask, mode):
    path = tmp_path / "model.safetensors"
    network().save(path)
    path.chmod(mode)
    seen = []
    monkeypatch.setattr(os, "fsync", lambda file, fsync=os.fsync: (seen.append(os.fstat(file).st_mode), fsync(file)))
    network(seed=1).save(path)
    assert fm.load(path).seed == 1
    assert mode_of(path) == mode
    assert stat.S_IMODE(seen[0]) & ~mode == 0


def test_a_model_written_through_a_link_keeps_the_mode_of_the_file(tmp_path):
    network().save(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").chmod(0o600)
    (tmp_path / "link.safetensors").symlink_to(tmp_path / "model.safetensors")
    network(seed=1).save(tmp_path / "link.safetensors")
    assert (tmp_path / "link.safetensors").is_symlink()
    assert mode_of(tmp_path / "model.safetensors") == 0o600


def test_a_file_that_may_not_be_written_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    network().save(path)
    # root may write everything
    monkeypatch.setattr(os, "access", lambda asked, mode, access=os.access: Path(asked) != path and access(asked, mode))
    with pytest.raises(PermissionError, match="may not be written: change its permissions"):
        network(seed=1).save(path)
    assert fm.load(path).seed == 0


def test_a_folder_that_can_be_written_and_not_read_takes_a_model(tmp_path, monkeypatch):
    def refuse(name, flags, *more, real=os.open):
        if Path(name) == tmp_path:
            raise PermissionError(13, "Permission denied")
        return real(name, flags, *more)

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "scandir", lambda folder: refuse(folder, 0))
    network().save(tmp_path / "model.safetensors")
    assert os.listdir(tmp_path) == ["model.safetensors"]
    assert fm.load(tmp_path / "model.safetensors").seed == 0


KILLED = """
import os, signal, sys
import fastmlp as fm
os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
fm.Network(2, [fm.Dense(1)]).save(sys.argv[1])
"""


# as it is where the system says whether somebody writes, and where it does not
@pytest.mark.parametrize(("age", "says"), [(atomic.UNHELD + 5, True), (atomic.OLD + 60, False)])
def test_what_a_killed_process_left_is_swept_when_it_is_old(tmp_path, monkeypatch, age, says):
    if not says:
        monkeypatch.setattr(atomic, "is_held", lambda name: None)
    path = tmp_path / "model.safetensors"
    network().save(path)
    subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    (left,) = [name for name in os.listdir(tmp_path) if name != "model.safetensors"]
    assert atomic.TEMPORARY.fullmatch(left)
    # perhaps somebody has just begun with it
    network(seed=1).save(path)
    assert left in os.listdir(tmp_path)
    old = os.stat(tmp_path / left).st_mtime - age
    os.utime(tmp_path / left, (old, old))
    # not ours, however old
    for name in (".fastmlp-notes.tmp", ".fastmlp-0123456789abcdef.tmp.bak", "x.tmp"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (old, old))
    network(seed=2).save(path)
    assert sorted(os.listdir(tmp_path)) == [
        ".fastmlp-0123456789abcdef.tmp.bak",
        ".fastmlp-notes.tmp",
        "model.safetensors",
        "x.tmp",
    ]
    assert fm.load(path).seed == 2


def test_what_somebody_is_writing_is_not_swept(tmp_path):
    path, temporary = tmp_path / "model.safetensors", tmp_path / ".fastmlp-0123456789abcdef.tmp"
    with temporary.open("xb") as file:
        atomic.hold(file.fileno())
        old = os.stat(temporary).st_mtime - atomic.UNHELD - 5
        os.utime(temporary, (old, old))
        network().save(path)
        assert temporary.exists()
    network().save(path)
    assert os.listdir(tmp_path) == ["model.safetensors"]


@pytest.mark.parametrize("name", ["net.onnx", "net.PT", "net.h5", "net.pkl", "net.json", "net.npz", "net.csv"])
def test_names_of_other_formats_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"but a model is written: give a name that ends in \.safetensors"):
        network().save(tmp_path / name)
    with pytest.raises(ValueError, match="but a model is written"):
        network().fit([[0.0, 0.0]], [1.0], callbacks=[fm.ModelCheckpoint(tmp_path / name)])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["net", "net.v2", "net.2026-11-27", "net.bin", "net.model", "safetensors"])
def test_other_names_are_refused_with_the_one_to_write(tmp_path, name):
    for save in (network().save, lambda path: fm.save(network(), path)):
        with pytest.raises(ValueError) as caught:
            save(tmp_path / name)
        path = tmp_path / name
        assert str(caught.value) == (
            f"{path} does not end in .safetensors, by which a model is known: write {path}.safetensors."
        )
    with pytest.raises(ValueError, match=r"does not end in \.safetensors"):
        network().fit([[0.0, 0.0]], [1.0], callbacks=[fm.ModelCheckpoint(tmp_path / name)])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["net.safetensors", "net.v2.safetensors", "NET.SafeTensors"])
def test_a_model_has_the_name_of_one(tmp_path, name):
    network().save(tmp_path / name)
    assert fm.load(tmp_path / name).seed == 0


@pytest.mark.parametrize(
    ("path", "kind", "sentence"),
    [
        (b"model", TypeError, "path must be the name of a file as text, got bytes: give a str"),
        (io.BytesIO(), TypeError, "path must be the name of a file, got _?io.BytesIO: give a str or a pathlib.Path"),
        (3, TypeError, "path must be the name of a file, got int"),
        (None, TypeError, "path must be the name of a file, got NoneType"),
        ("", ValueError, "path is '', which names no file"),
        ("model\0", ValueError, "which names no file"),
    ],
)
def test_what_is_no_path_is_refused_in_a_sentence(path, kind, sentence):
    for call in (fm.load, network().save, lambda path: fm.save(network(), path)):
        with pytest.raises(kind, match=sentence):
            call(path)


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(fm.ModelFileError, match="is not a regular file"):
        fm.load(tmp_path)
    with pytest.raises(ValueError, match="is not a regular file"):
        network().save(tmp_path)


def test_save_takes_no_training_away_that_has_not_ended(tmp_path):
    path = tmp_path / "run.safetensors"
    X, y = fm.datasets.moons(40)

    def trained(ends=None):
        net = fm.Network(2, [fm.Dense(2, "softmax")], seed=0)
        net.fit(X, y, epochs=6, callbacks=[EndAt(ends)], checkpoint=fm.Checkpoint(path, steps=1))
        return net

    with pytest.raises(Ended):
        trained(3)
    content = path.read_bytes()
    table = TabularClassifier(n_estimators=1, max_iter=1, random_state=0).fit(X, y)
    for model in (network(), fm.load(path), table):
        with pytest.raises(ValueError, match=r"^.*run.safetensors is the checkpoint of a training that has not ended"):
            model.save(path)
    assert path.read_bytes() == content
    # one that has ended is a model like any other
    net = trained()
    net.save(path)
    assert (fm.load(path).get_parameters() == net.get_parameters()).all()
    # and what is damaged is nobody's training
    path.write_bytes(content[:99])
    net.save(path)


def test_save_takes_no_path_of_a_training_that_has_written_nothing_yet(tmp_path):
    path = tmp_path / "run.safetensors"
    X, y = fm.datasets.moons(40)
    net = fm.Network(2, [fm.Dense(2, "softmax")], seed=0)
    other = network()

    class Saving:
        def __call__(self, net, epoch):
            with pytest.raises(ValueError, match=r"run.safetensors is the checkpoint of a training that runs, and"):
                other.save(path)
            assert not path.exists()

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    net.fit(X, y, epochs=1, callbacks=[Saving()], checkpoint=fm.Checkpoint(path, seconds=1000))
    assert (fm.load(path).get_parameters() == net.get_parameters()).all()
    # a lock that nobody holds is none
    (tmp_path / "run.safetensors.lock").touch()
    other.save(path)
    assert fm.load(path).seed == other.seed


@pytest.mark.parametrize("name", ["no/", "no/.", "no/.."])
def test_a_name_of_a_folder_is_not_the_name_of_a_file(tmp_path, name):
    path = f"{tmp_path}/{name}"
    for write in (lambda: atomic.check_destination(path), lambda: network().to_c(path)):
        with pytest.raises((FileNotFoundError, ValueError), match=r"would be a folder: make it first|is not a regular"):
            write()
    assert os.listdir(tmp_path) == []
