"""make: writes the capture of a case.   python3 tests/make CASE_DIR [OUT.pcap]   or   python3 tests/make RECIPE key=value... -o OUT.pcap"""
import importlib
import pathlib
import sys
import tomllib


def run_recipe(parameters):
    """parameters: the [make] table of a case.toml. Returns the Trace."""
    parameters = dict(parameters)
    module, name = parameters.pop("recipe").split(".", 1)
    return importlib.import_module(module).RECIPES[name](**parameters)


def main(arguments):
    if arguments and "-o" in arguments:
        out = arguments[arguments.index("-o") + 1]
        table = {"recipe": arguments[0]}
        for item in arguments[1:arguments.index("-o")]:
            key, value = item.split("=", 1)
            try:
                table[key] = tomllib.loads(f"v = {value}")["v"]
            except tomllib.TOMLDecodeError:
                table[key] = value
    elif arguments:
        case = pathlib.Path(arguments[0])
        table = tomllib.loads((case / "case.toml").read_text())["make"]
        out = arguments[1] if len(arguments) > 1 else f"{case.name}.pcap"
    else:
        sys.exit(__doc__)
    trace = run_recipe(table)
    trace.write(out)
    print(f"{out}: {len(trace.frames)} packets", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
