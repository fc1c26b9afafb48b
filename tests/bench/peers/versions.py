"""Prints "NAME VERSION" for this interpreter and for each of the peers' packages that it can import."""
import importlib
import platform

print("Python", platform.python_version())
for name, package in (
        ("PyTorch", "torch"), ("pandas", "pandas"), ("scikit-learn", "sklearn"), ("XGBoost", "xgboost"),
        ("LightGBM", "lightgbm")):
    try:
        print(name, importlib.import_module(package).__version__)
    except Exception:  # broken is as good as absent: the table says what would bring it
        pass
