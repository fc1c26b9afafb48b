-- XGBoost's model in our hands. usage: exchange.lua FOLDER FILES
--
-- Prints "difference N": between what it says of the 14 000 test images here and what it said
-- there, the greatest of all ten chances. peers/trees.py has written both files.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"

local folder, files = ...
local _, _, test = common.split(common.read("idx", folder))
local model = digits.load(files .. "/xgboost.json")
local here = model:predict_proba(test)
local there = common.read_floats(files .. "/xgboost.f32", { 14000, 10 })
print(("difference %.3e"):format((here - there):abs():max()))
