import io
import json

import pytest
from fake_run import fake_run
from rich.console import Console
from test_trust import HELDOUT

from onnxprobe.report.summary import MOST_DOMAINS, summary

EXPECTED = """\

9 domains in 240 pictures

pictures       pictures.tar; left out: 7 truncated and 2 not an image
backbone       models/backbone.onnx
preprocessing  from: model metadata
pick           /features/features.18/Relu_output_0  1280×7×7
               every path from the input to the output passes it
also probed    /features/features.5/conv/Add_output_0:std
               /features/features.5/conv/Add_output_0:mean

   id  domain          pictures  stability    recall  share ratio
  /features/features.18/Relu_output_0:mean, 98% deep
    0  disc                  31      0.980     0.987        1.012
    1  ring                  38      0.960     1.000        0.990
    2  square                36      0.940     0.975        0.967
    3  star                  32      0.920     0.990        1.040
    4  stripes               28      0.900   ! 0.694      ! 0.710
    5  cross                 37      0.880     0.961      ! 1.330
  /features/features.5/conv/Add_output_0:std, 41% deep
    6  style: blurred        21      0.860     0.970        0.990
    7  style: noisy          21      0.840     1.000        1.000
    8  style: dark           19      0.820     0.943        1.060

On 60 held-out pictures the head scores macro-F1 0.941 (always the largest
domain: 0.028), macro-AUC 0.993, weakest recall 0.694. 2 domains need a look
(!): 4 and 5.

run/
  proof.json      what was compared to show that the old outputs are kept
  groups.parquet  every picture with its domains and the head's answer
  run.json        all of this for programs

"""


def shown(run, folder=None, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(summary(run, folder))
    return "\n".join(line.rstrip() for line in console.file.getvalue().split("\n"))


@pytest.fixture
def run(tmp_path):
    fake_run(tmp_path / "run", drawn=False)
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    for domain, size in zip(run["domains"], (31, 38, 36, 32, 28, 37, 21, 21, 19), strict=True):
        domain["size"] = size  # whatever the random numbers of this numpy
    return run


def test_a_run_in_80_columns(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown(run, (tmp_path / "run").relative_to(tmp_path)) == EXPECTED


def test_the_golden_text_agrees_with_the_run(run):
    text = shown(run)
    for domain in run["domains"]:
        row = next(line for line in text.split("\n") if f"  {domain['name']}  " in line)
        figures = row.replace("!", "").split()[-4:]
        assert figures == [
            str(domain["size"]),
            f"{domain['stability']:.3f}",
            f"{domain['heldout_recall']:.3f}",
            f"{domain['share_ratio']:.3f}",
        ]


def test_no_line_is_wider_than_the_terminal(run):
    run["domains"][0] |= {"name": "a very long name of a domain " * 3, "view": "/block" * 40}
    run["probes"].append("/block" * 40 + ":mean")
    run["images"] = "/data/" * 40
    for width in (80, 120):
        assert max(map(len, shown(run, width=width).split("\n"))) <= width


def test_names_cannot_steer_the_terminal(run):
    run["domains"][0]["name"] = "\x1b[2J[red]x"
    run["images"] = "a\x1b]0;title\x07\nb"
    run["pick"]["reasons"] = ["[/bold]\x1b[0m"]
    text = shown(run)
    assert "\x1b" not in text
    assert "\\u001b[2J[red]x" in text
    assert "a\\u001b]0;title\\u0007\\u000ab" in text
    assert "[/bold]\\u001b[0m" in text


def test_data_with_nothing_in_it_is_said_plainly(tmp_path):
    fake_run(tmp_path, drawn=False, domains=False)
    text = shown(json.loads((tmp_path / "run.json").read_text()))
    assert "No domain in 240 pictures" in text
    assert "there is nothing to recognise, so no model was" in text
    assert "held-out" not in text


def test_domains_within_bounds_are_said_to_be(run):
    for domain in run["domains"]:
        domain |= {"heldout_recall": 0.8, "share_ratio": 1.25}
    assert "Every domain is found and counted within bounds." in " ".join(shown(run).split())
    run["domains"][2]["share_ratio"] = 1.2501
    assert "1 domain needs a look (!): 2." in " ".join(shown(run).split())
    run["domains"][2] |= {"share_ratio": 1, "heldout_recall": 0.7999}
    assert "1 domain needs a look (!): 2." in " ".join(shown(run).split())


def test_many_domains_are_cut_short_and_counted(run):
    first = run["domains"][0]
    run["domains"] = [first | {"id": i, "name": f"d{i}"} for i in range(MOST_DOMAINS + 7)]
    assert "and 7 more, in the report" in shown(run)
    assert f" d{MOST_DOMAINS - 1} " in shown(run)
    assert f" d{MOST_DOMAINS} " not in shown(run)
    for domain in run["domains"]:
        domain["share_ratio"] = 2
    assert "27 domains need a look (!): 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 15 more." in (
        " ".join(shown(run).split())
    )


def test_a_run_json_that_says_nothing_still_gives_a_summary():
    assert "No domain in 0 pictures" in shown({})


def test_scores_that_were_not_taken_are_dashes(run):
    run["heldout"] = {}
    for domain in run["domains"]:
        domain |= {"heldout_recall": None, "share_ratio": float("nan")}
    text = shown(run)
    assert "The head was not tested: no pictures were held out." in text
    assert "0.980         –            –" in text


def test_a_sample_is_said_to_be_one(run):
    run["pictures"] = sum(run["counts"].values())
    assert "pictures.tar; left out: 7 truncated" in shown(run)
    run |= {"pictures": 3786, "counts": {"ok": 300}}
    assert "pictures.tar, 300 of 3,786, all of them read" in shown(run)


def test_what_was_not_resampled_is_not_said_to_have_come_back(tmp_path):
    fake_run(tmp_path, drawn=False, domains=False)
    run = json.loads((tmp_path / "run.json").read_text())
    assert "comes back often enough" in shown(run)
    del run["settings"]["clustering"]["stability"]
    assert "no group of pictures was found; there is nothing to recognise" in " ".join(
        shown(run).split()
    )


def test_strangers_and_a_better_head_are_told_of(run):
    run["heldout"] |= HELDOUT
    text = " ".join(shown(run).split())
    assert (
        "It answers 95.0% of them; by 'nearest' strangers (classes left out in turn) are told from "
        "known pictures at AUROC 0.900." in text
    )
    assert (
        "Pictures of nothing (noise, clouds, plain colours, stripes) are told from those in domains "
        "at AUROC 0.990 by 'nearest'; where they are, the answer is −1." in text
    )
    assert "The mlp head scores higher here; to fuse it: --set classifier.head=mlp" in text


def test_how_much_is_covered_and_how_alike_that_is_are_said_together(run):
    for domain, agreement in zip(run["domains"], (1.0, 0.5, 0.3), strict=False):
        domain["agreement"] = agreement
    run["covered"] = 0.25
    text = " ".join(shown(run).split())
    assert "covered 25.0% of the pictures are in a domain; of the ten nearest to each" in text
    assert "60.0% are in the same one (product 0.150)" in text
    run["domains"] = [domain | {"agreement": None} for domain in run["domains"]]
    assert "product" not in shown(run)
