# Made by tools/make_stubs.py from the table in __init__.py.

from .applying import Applied as Applied
from .applying import apply_pipeline as apply_pipeline
from .arrow.files import read_arrow as read_arrow
from .arrow.files import read_parquet as read_parquet
from .arrow.files import write_arrow as write_arrow
from .arrow.files import write_parquet as write_parquet
from .arrow.tables import from_arrow as from_arrow
from .arrow.tables import to_arrow as to_arrow
from .augmenting.augmenters import character_noise as character_noise
from .augmenting.augmenters import combined_augmenter as combined_augmenter
from .augmenting.augmenters import lower_case as lower_case
from .augmenting.augmenters import orth_variants_augmenter as orth_variants_augmenter
from .conllu.reading import read_conllu as read_conllu
from .conllu.writing import write_conllu as write_conllu
from .inspection import check_data as check_data
from .inspection import inspect_data as inspect_data
from .iob.files import read_iob as read_iob
from .iob.files import write_biluo as write_biluo
from .iob.files import write_conll as write_conll
from .iob.files import write_iob as write_iob
from .jsonl.files import read_jsonl as read_jsonl
from .jsonl.files import write_jsonl as write_jsonl

__all__ = [
    "Applied",
    "__version__",
    "apply_pipeline",
    "character_noise",
    "check_data",
    "combined_augmenter",
    "from_arrow",
    "inspect_data",
    "lower_case",
    "orth_variants_augmenter",
    "read_arrow",
    "read_conllu",
    "read_iob",
    "read_jsonl",
    "read_parquet",
    "to_arrow",
    "write_arrow",
    "write_biluo",
    "write_conll",
    "write_conllu",
    "write_iob",
    "write_jsonl",
    "write_parquet",
]
__version__: str
