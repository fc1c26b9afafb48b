"""Prints "NAME VERSION" for this interpreter and for each of the peers' packages that it can import, and "failed NAME
WHY" for one that is there but cannot be."""
import importlib
import importlib.metadata
import platform

print("Python", platform.python_version())
for name, package in (
        ("PyTorch", "torch"), ("pandas", "pandas"), ("scikit-learn", "sklearn"), ("scikit-learn-intelex", "sklearnex"),
        ("XGBoost", "xgboost"), ("LightGBM", "lightgbm")):
    try:
        version = importlib.import_module(package).__version__
        if package == "sklearnex":  # whose __version__ is a placeholder
            version = importlib.metadata.version(name)
        print(name, version)
    except ModuleNotFoundError as error:
        if error.name != package:  # what it needs is not there
            print("failed", name, error)
    except Exception as error:
        print("failed", name, "%s: %s" % (type(error).__name__, " ".join(str(error).split())))
