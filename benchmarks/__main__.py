"""All benchmarks but the growth of the run, which takes long: `make benchmark`."""

from benchmarks import (
    attribute_device,
    attribute_stage,
    block_scoring,
    passage_stage,
    spark_stage,
)


def main() -> None:
    """Run them one after the other."""
    block_scoring.run(24_000)
    spark_stage.run(240_000)
    attribute_stage.run(1_500)
    attribute_device.run(60_000, 131_072)
    passage_stage.vectors(3_000)
    passage_stage.top_k(160_000)
    print("\nGrowth of the whole run: python -m benchmarks.growth")


if __name__ == "__main__":
    main()
