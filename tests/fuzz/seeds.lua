-- Files that the targets of libFuzzer begin with. usage: digits-lua tests/fuzz/seeds.lua FOLDER
local digits = require "digits"
local data, nn, tree = digits.data, digits.nn, digits.tree
local folder = arg[1]

local function write(name, bytes)
  local file <close> = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(bytes)
end

write("csv/bytes", "1,2,3\n4,5,255\n")
write("csv/header", "label,a,\"b\"\r\n1,0.5,-1e-3\r\n2,nan,inf\r\n")
write("csv/quoted", "\"1\",\"2\"\n\"3\",\"4\"")
write("idx/images", string.pack(">BBBBI4I4I4", 0, 0, 8, 3, 2, 2, 3) .. ("\1\2\3\4\5\6"):rep(2))
write("idx/labels", string.pack(">BBBBI4", 0, 0, 8, 1, 2) .. "\7\9")
write("idx/floats", string.pack(">BBBBI4I4ff", 0, 0, 13, 2, 1, 2, 0.5, 1.5))
for _, name in ipairs { "u1", "f8", "fortran_i8", "version2", "labels" } do
  local file <close> = assert(io.open("tests/golden/npy/" .. name .. ".npy", "rb"))
  write("npy/" .. name, file:read "a")
end
local line = '{"trial":1,"params":{"a":0.5},"scores":{"accuracy":1e999,"loss":null},"seed":"7"}\n'
write("journal/lines", line .. line .. '{"refit":1}\n{"tri')

local x = digits.normal { 40, 4, seed = 1 }
local y = x[{ {}, { 1, 3 } }]:argmax { axis = 2 }
local set = data.from_tensors { x = x, y = y, class_names = { "a", "b", "c" } }
local pairs_ = data.from_tensors { x = x, y = x[{ {}, { 1, 2 } }]:argmax { axis = 2 } }
local numbers = data.from_tensors { x = x, y = x[{ {}, 1 }] }
for name, one in pairs { classes = set, two = pairs_, numbers = numbers } do
  local boosting = tree.GradientBoosting { n_estimators = 2, max_depth = 2,
    objective = name == "numbers" and "reg:squarederror" or nil }
  boosting:fit(one, { verbose = 0 })
  boosting:save(folder .. "/learner/boosting-" .. name .. ".safetensors")
  boosting:save(folder .. "/xgboost/" .. name .. ".json")
end
local forest = tree.RandomForest { n_estimators = 2, max_depth = 2, max_features = 0.5 }
forest:fit(set, { verbose = 0 })
forest:save(folder .. "/learner/forest.safetensors")
local model = nn.Sequential { nn.Input { 4, 4, 1 },
  nn.Conv2D { 2, { 3, 3 }, activation = "relu", kernel_regularizer = nn.L2(0.1) },
  nn.BatchNormalization {}, nn.MaxPooling2D {}, nn.Flatten {}, nn.Dropout(0.5),
  nn.Dense { 3, activation = "softmax" } }
model:compile { optimizer = nn.Adam(0.01), loss = "categorical_crossentropy" }
model:save(folder .. "/learner/network.safetensors")
