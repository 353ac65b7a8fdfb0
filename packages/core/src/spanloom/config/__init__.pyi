# Made by tools/make_stubs.py from the table in __init__.py.

from .check import check_config as check_config
from .check import find_problems as find_problems
from .fill import fill_block as fill_block
from .fill import fill_config as fill_config
from .loading import load_config as load_config
from .loading import parse_config as parse_config
from .overrides import parse_overrides as parse_overrides
from .resolve import resolve_block as resolve_block
from .resolve import resolve_section as resolve_section
from .sections import default_config as default_config
from .source import Config as Config
from .templates import init_config as init_config

__all__ = [
    "Config",
    "check_config",
    "default_config",
    "fill_block",
    "fill_config",
    "find_problems",
    "init_config",
    "load_config",
    "parse_config",
    "parse_overrides",
    "resolve_block",
    "resolve_section",
]
