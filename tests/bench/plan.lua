-- What `make bench` measures.
local measure = dofile "tests/bench/measure.lua"
local plan = {}

-- In the order of the table; BENCH selects among them.
plan.works = {
  "cnn", "dense", "csv", "start", "memory", "predict", "deep", "forest", "boosting", "exchange",
  "neighbors", "logistic", "threads", "growth",
}

-- What the peers need, and the hint if it is missing.
local venv = "`make bench-peers` installs it"
plan.packages = {
  PyTorch = venv,
  pandas = venv,
  ["lua5.4"] = "Debian's package is lua5.4",
  ["scikit-learn"] = venv,
  ["scikit-learn-intelex"] = venv,
  XGBoost = venv,
  LightGBM = venv,
  bfloat16 = "without instructions for it, PyTorch's mode would take several times as long",
  AVX512_BF16 = "the rows of our mode for bfloat16 are left out",
}

local function ours(script)
  return "$process 1 $digits --threads 2 tests/bench/ours/" .. script .. " $data"
end

local function python(script)
  return "$process 1 $python tests/bench/peers/" .. script .. " $data"
end

local function peer(name, command)
  return { name = name, needs = { name }, command = command }
end

-- PyTorch with its defaults, and in two modes with faster convolutions on many processors: images
-- channels-last, and the same with autocast to bfloat16.
local torch_modes = { "PyTorch", "channels-last", "bfloat16" }
local torch_float32 = { "PyTorch", "channels-last" }
local torch_modes_of_dense = { "PyTorch", "bfloat16" }

local function torch(script, modes)
  local words = { PyTorch = "default", ["channels-last"] = "channels_last" }
  local peers = {}
  for at, name in ipairs(modes) do
    peers[at] = {
      name = name, mode = name ~= "PyTorch" and name or nil,
      needs = { "PyTorch", name == "bfloat16" and name or nil },
      command = python(script .. " " .. (words[name] or name)),
    }
  end
  return peers
end

-- Peers learn the rows that we learn: the order of the 70 000 is written for them.
local same_rows = "rm -rf $files && mkdir $files && " ..
  "$digits tests/bench/ours/order.lua $files/order.i32"

-- Each is run in rounds: ours, the peers, and, where most of the work is `products`, plan.sgemm
-- with what `machine` adds. In commands, $name stands for what run.lua knows by that name. `needs`:
-- what a peer cannot do without, or we, where it stands beside `ours`; the first is the package. A
-- measurement whose own needs the machine does not have is left out. `mode`: how that is used, if
-- not by its defaults. `prepare` is run once, before all that name it; `after` names another
-- measurement, whose files this one reads.
plan.measurements = {
  cnn = {
    ours = ours "train.lua cnn idx",
    peers = torch("train.py cnn idx", torch_modes),
    products = true,
    reads = "idx",
  },
  cnn_csv = {
    ours = ours "train.lua cnn csv",
    peers = { peer("PyTorch", python "train.py cnn csv default") },
    reads = "csv",
  },
  dense = {
    ours = ours "train.lua dense idx",
    peers = torch("train.py dense idx", torch_modes_of_dense),
    products = true,
    reads = "idx",
  },
  csv = {
    ours = ours "read_csv.lua",
    peers = { peer("pandas", python "read_csv.py") },
    reads = "csv",
  },
  start = {
    ours = "$process 21 $digits -e ''",
    peers = { peer("lua5.4", "$process 21 lua5.4 -e ''") },
  },
  require = {
    ours = "$process 21 $digits -e 'require \"digits\"'",
    peers = {
      { name = "import torch", needs = { "PyTorch" }, mode = "import torch",
        command = "$process 3 $python -c 'import torch'" },
    },
  },
  predict = {
    ours = ours "predict.lua",
    peers = torch("predict.py", torch_modes),
    products = true,
    machine = "$reading",
    reads = "idx",
  },
  deep = {
    ours = ours "train.lua deep idx",
    peers = torch("train.py deep idx", torch_modes),
    products = true,
    reads = "idx",
  },
  cnn_bfloat16 = {
    ours = ours "train.lua cnn idx bfloat16",
    needs = { "AVX512_BF16" },
    peers = torch("train.py cnn idx", torch_modes),
    reads = "idx",
  },
  deep_bfloat16 = {
    ours = ours "train.lua deep idx bfloat16",
    needs = { "AVX512_BF16" },
    peers = torch("train.py deep idx", { "bfloat16" }),
    reads = "idx",
  },
  forest = {
    prepare = same_rows,
    ours = ours "trees.lua forest" .. " $files",
    peers = {
      peer("scikit-learn", python "trees.py forest" .. " $files"),
      { name = "intelex", needs = { "scikit-learn-intelex" },
        command = python "trees.py intelex" .. " $files" },
    },
    reads = "idx",
  },
  boosting = {
    prepare = same_rows,
    ours = ours "trees.lua boosting" .. " $files",
    peers = {
      peer("XGBoost", python "trees.py xgboost" .. " $files"),
    },
    reads = "idx",
  },
  leaves = {
    prepare = same_rows,
    ours = ours "trees.lua leaves" .. " $files",
    peers = { peer("LightGBM", python "trees.py lightgbm" .. " $files") },
    reads = "idx",
  },
  neighbors = {
    ours = ours "rows.lua neighbors",
    peers = { peer("scikit-learn", python "rows.py neighbors") },
    products = true,
    reads = "idx",
  },
  logistic = {
    ours = ours "rows.lua logistic",
    peers = { peer("scikit-learn", python "rows.py logistic") },
    reads = "idx",
  },
  exchange_out = {
    after = "boosting",
    ours = python "exchange.py" .. " $files",
    needs = { "XGBoost" },
  },
  exchange_in = {
    after = "boosting",
    ours = ours "exchange.lua" .. " $files",
    needs = { "XGBoost" },
  },
  threads = {
    ours = "$spin && " .. ours "threads.lua",
    reads = "idx",
  },
  growth = {
    ours = ours "growth.lua",
    reads = "idx",
  },
}

-- Measures what the machine can do. OpenBLAS takes processors newer than itself for older ones, and
-- uses half of their speed: where there is AVX-512, its kernels for that are measured too, and the
-- faster ones count.
function plan.sgemm(kernels)
  return kernels == "x86-64-v4" and "$sgemm 2 1 && OPENBLAS_CORETYPE=SkylakeX $sgemm 2 1" or
    "$sgemm 2 1"
end

-- How the time of a fit grows: what growth.lua takes, each with each. For each kind of learners
-- there is a table, which has a line for each learner, number of threads and of rows, and columns
-- for each of `counts`: trees, or rows in a batch.
plan.growth = {
  {
    learners = { "forest", "boosting" },
    labels = { forest = "random forest", boosting = "boosting" },
    rows = { 10000, 20000, 39200 },
    counts = { 25, 50, 100 },
    column = "%d trees",
    threads = { 1, 2 },
  },
  {
    learners = { "cnn" },
    labels = { cnn = "CNN, one epoch" },
    rows = { 10000, 20000, 40000, 70000 },
    counts = { 1, 10, 50, 250 },
    column = "batch of %d",
    threads = { 1, 2 },
  },
}

-- What the products of these networks take for one image forward, layer by layer: two for each
-- multiplication. The first layer's is first.
local function product(rows, taps, filters) return 2 * rows * taps * filters end
local flops = {
  cnn = { product(24 * 24, 25, 32), product(1, 4608, 128), product(1, 128, 10) },
  dense = { product(1, 784, 128), product(1, 128, 64), product(1, 64, 10) },
  deep = {
    product(784, 9, 32), product(784, 288, 32), product(196, 288, 64), product(196, 576, 64),
    product(1, 3136, 128), product(1, 128, 10),
  },
}

local function forward(network, images)
  local sum = 0
  for _, flop in ipairs(flops[network]) do sum = sum + flop end
  return images * sum
end

-- An epoch: twice as much again for the gradients, without those of the images.
local function epoch(network, images)
  return 3 * forward(network, images) - images * flops[network][1]
end

local nearest_flop = 2 * 60000 * 10000 * 784

-- How many times as long as the products alone take at sgemm's speed.
local function sgemm_times(flop)
  return function(got, machine)
    local gflops = measure.sgemm(machine)
    return got.seconds and gflops and got.seconds * 1e9 * gflops / flop
  end
end

-- How many times as long one digit takes as one core needs to read the weights once and to convolve
-- at sgemm's speed, which is that of two.
local cnn_weights = 4 * (25 * 32 + 32 + 4608 * 128 + 128 + 128 * 10 + 10)
local function digit_times(got, machine)
  local gflops, gbs = measure.sgemm(machine), machine.read_gbs
  return got.one_us and gflops and gbs and
    got.one_us * 1e3 / (cnn_weights / gbs + flops.cnn[1] / (gflops / 2))
end

-- An epoch of 60 000, of which the measurement learns a tenth.
local function ten_times(got)
  return 10 * got.seconds
end

-- The table's rows. `value`: what the measurement printed under that name, or a function of all
-- that it printed and of what the machine's command printed. Targets: the most that the ratio
-- ours / peer, or our figure, may be; `behind`: how far our figure may be below the peer's. The
-- peer is PyTorch where none is named; `peers` names several, of which the one counts whose figure
-- called `quickest` is least. `flop`: what the products in the measurement's "seconds" take.
plan.rows = {
  { work = "cnn", measurement = "cnn", label = "CNN, one epoch of 39 200 images",
    peers = torch_modes, quickest = "seconds", value = "seconds", format = "%.2f s",
    flop = epoch("cnn", 39200) },
  { work = "cnn", measurement = "cnn", label = "  times the products at sgemm's speed",
    value = sgemm_times(epoch("cnn", 39200)), format = "%.2f", no_ratio = true,
    target = 1.47 }, -- 68 % of that speed
  { work = "cnn", measurement = "cnn", label = "  test accuracy after it",
    peers = torch_modes, quickest = "seconds", value = "accuracy", format = "%.4f",
    no_ratio = true },
  { work = "cnn", measurement = "cnn", label = "  against PyTorch's defaults",
    value = "seconds", format = "%.2f s", ratio_target = 1 / 3 },
  { work = "cnn", measurement = "cnn", label = "  test accuracy of these",
    value = "accuracy", format = "%.4f", no_ratio = true },
  { work = "cnn", measurement = "cnn_bfloat16", label = "  ours in bfloat16",
    peers = torch_modes, quickest = "seconds", value = "seconds", format = "%.2f s",
    ratio_target = 1 / 5 },
  { work = "cnn", measurement = "cnn_bfloat16", label = "  test accuracy after it",
    peers = torch_modes, quickest = "seconds", value = "accuracy", format = "%.4f",
    no_ratio = true },
  { work = "dense", measurement = "dense", label = "784-128-64-10, one epoch of 39 200",
    peers = torch_modes_of_dense, quickest = "seconds", value = "seconds", format = "%.2f s",
    ratio_target = 1 / 2, flop = epoch("dense", 39200) },
  { work = "dense", measurement = "dense", label = "  test accuracy after it",
    peers = torch_modes_of_dense, quickest = "seconds", value = "accuracy", format = "%.4f",
    no_ratio = true },
  { work = "csv", measurement = "csv", label = "reading 70 000 rows of CSV", peer = "pandas",
    value = "seconds", format = "%.2f s", ratio_target = 1 / 2 },
  { work = "start", measurement = "start", label = "digits-lua -e ''", peer = "lua5.4",
    value = "wall_ms", format = "%.1f ms", target = 20 },
  { work = "start", measurement = "require", label = "digits-lua -e 'require \"digits\"'",
    peer = "import torch", value = "wall_ms", format = "%.1f ms", target = 20 },
  { work = "memory", measurement = "cnn", label = "CNN's training from IDX, peak memory",
    value = "peak_mb", format = "%.0f MB", target = 350 },
  { work = "memory", measurement = "cnn_csv", label = "CNN's training from CSV, peak memory",
    value = "peak_mb", format = "%.0f MB", target = 350 },
  { work = "predict", measurement = "predict", label = "CNN, labels of 14 000 digits",
    peers = torch_modes, quickest = "seconds", value = "seconds", format = "%.2f s",
    flop = forward("cnn", 14000) },
  { work = "predict", measurement = "predict", label = "  against PyTorch's defaults",
    value = "seconds", format = "%.2f s" },
  { work = "predict", measurement = "predict", label = "  times the products at sgemm's speed",
    value = sgemm_times(forward("cnn", 14000)), format = "%.2f", no_ratio = true, target = 1.3 },
  { work = "predict", measurement = "predict", label = "CNN, one digit at a time",
    peers = torch_modes, quickest = "one_us", value = "one_us", format = "%.0f us" },
  { work = "predict", measurement = "predict", label = "  against PyTorch's defaults",
    value = "one_us", format = "%.0f us" },
  { work = "predict", measurement = "predict", label = "  times reading and convolving alone",
    value = digit_times, format = "%.2f", no_ratio = true, target = 1.5 },
  { work = "deep", measurement = "deep", label = "4 x (3x3 conv, batch norm), 60 000",
    peers = torch_modes, quickest = "seconds", value = ten_times, format = "%.1f s",
    flop = epoch("deep", 6000) },
  { work = "deep", measurement = "deep", label = "  against its best in float32",
    peers = torch_float32, quickest = "seconds", value = ten_times, format = "%.1f s",
    ratio_target = 0.6 },
  { work = "deep", measurement = "deep", label = "  against PyTorch's defaults",
    value = ten_times, format = "%.1f s" },
  { work = "deep", measurement = "deep_bfloat16", label = "  both in bfloat16",
    peer = "bfloat16", value = ten_times, format = "%.1f s", ratio_target = 0.9 },
  { work = "deep", measurement = "deep", label = "  peak memory",
    value = "peak_mb", format = "%.0f MB" },
  { work = "forest", measurement = "forest", label = "random forest, 100 trees, 39 200",
    peer = "scikit-learn", value = "seconds", format = "%.2f s", ratio_target = 1 / 6 },
  { work = "forest", measurement = "forest", label = "  processor time of it",
    peer = "scikit-learn", value = "cpu", format = "%.2f s" },
  { work = "forest", measurement = "forest", label = "  against scikit-learn-intelex",
    peer = "intelex", value = "seconds", format = "%.2f s" },
  { work = "forest", measurement = "forest", label = "  test accuracy, mean of five seeds",
    peer = "scikit-learn", value = "accuracy", format = "%.4f", behind = 0.001 },
  { work = "forest", measurement = "forest", label = "  test log loss, mean of five seeds",
    peer = "scikit-learn", value = "log_loss", format = "%.4f" },
  { work = "forest", measurement = "forest", label = "  labels of 14 000 digits",
    peer = "scikit-learn", value = "predict", format = "%.3f s", ratio_target = 0.6 },
  { work = "forest", measurement = "forest", label = "  processor time of it",
    peer = "scikit-learn", value = "predict_cpu", format = "%.3f s" },
  { work = "forest", measurement = "forest", label = "  against scikit-learn-intelex",
    peer = "intelex", value = "predict", format = "%.3f s", ratio_target = 0.6 },
  { work = "forest", measurement = "forest", label = "  peak memory",
    peer = "scikit-learn", value = "peak_mb", format = "%.0f MB", target = 400 },
  { work = "boosting", measurement = "boosting", label = "boosting, 100 rounds, depth 6",
    peer = "XGBoost", value = "seconds", format = "%.2f s", ratio_target = 1 / 8 },
  { work = "boosting", measurement = "boosting", label = "  processor time of it",
    peer = "XGBoost", value = "cpu", format = "%.2f s" },
  { work = "boosting", measurement = "boosting", label = "  test error",
    peer = "XGBoost", value = "error", format = "%.4f", ratio_target = 1.02 },
  { work = "boosting", measurement = "boosting", label = "  test log loss",
    peer = "XGBoost", value = "log_loss", format = "%.4f", ratio_target = 1.02 },
  { work = "boosting", measurement = "boosting", label = "  labels of 14 000 digits",
    peer = "XGBoost", value = "predict", format = "%.3f s", ratio_target = 0.6 },
  { work = "boosting", measurement = "boosting", label = "  processor time of it",
    peer = "XGBoost", value = "predict_cpu", format = "%.3f s" },
  { work = "boosting", measurement = "boosting", label = "  peak memory",
    peer = "XGBoost", value = "peak_mb", format = "%.0f MB", target = 400 },
  { work = "boosting", measurement = "leaves", label = "boosting leaf-wise, 200 rounds",
    peer = "LightGBM", value = "seconds", format = "%.2f s", ratio_target = 1 / 3 },
  { work = "boosting", measurement = "leaves", label = "  processor time of it",
    peer = "LightGBM", value = "cpu", format = "%.2f s" },
  { work = "boosting", measurement = "leaves", label = "  test error, mean of three seeds",
    peer = "LightGBM", value = "error", format = "%.4f", ratio_target = 1 },
  { work = "boosting", measurement = "leaves", label = "  test log loss, mean of three seeds",
    peer = "LightGBM", value = "log_loss", format = "%.4f" },
  { work = "boosting", measurement = "leaves", label = "  labels of 14 000 digits",
    peer = "LightGBM", value = "predict", format = "%.3f s", ratio_target = 1 },
  { work = "boosting", measurement = "leaves", label = "  processor time of it",
    peer = "LightGBM", value = "predict_cpu", format = "%.3f s" },
  { work = "boosting", measurement = "leaves", label = "  peak memory",
    peer = "LightGBM", value = "peak_mb", format = "%.0f MB" },
  { work = "neighbors", measurement = "neighbors", label = "10 000 digits by the nearest of 60 000",
    peer = "scikit-learn", value = "seconds", format = "%.2f s", ratio_target = 1,
    flop = nearest_flop },
  { work = "neighbors", measurement = "neighbors", label = "  times a product at sgemm's speed",
    peer = "scikit-learn", value = sgemm_times(nearest_flop), format = "%.2f", no_ratio = true,
    target = 3 },
  { work = "neighbors", measurement = "neighbors", label = "  test accuracy, k = 3",
    peer = "scikit-learn", value = "accuracy", format = "%.4f", behind = 0 },
  { work = "logistic", measurement = "logistic", label = "logistic regression, 100 iterations",
    peer = "scikit-learn", value = "seconds", format = "%.2f s", ratio_target = 1 },
  { work = "logistic", measurement = "logistic", label = "  test accuracy",
    peer = "scikit-learn", value = "accuracy", format = "%.4f", behind = 0.002 },
  { work = "exchange", measurement = "exchange_out",
    label = "our trees in XGBoost, differ by", peer = "XGBoost",
    value = "difference", format = "%.1e", target = 1e-5 },
  { work = "exchange", measurement = "exchange_in",
    label = "XGBoost's trees in ours, differ by", peer = "XGBoost",
    value = "difference", format = "%.1e", target = 1e-5 },
}

-- What two threads gain: their time as a share of one thread's. The first is not ours: a loop in C
-- without memory or waiting, which no learner can be expected to surpass.
plan.threaded = {
  { "spin", "independent loops in C" }, { "forest", "random forest" }, { "boosting", "boosting" },
  { "logistic", "logistic regression" }, { "neighbors", "nearest neighbours" },
  { "centroid", "nearest centroid" }, { "cnn", "CNN" }, { "dense", "784-128-64-10" },
  { "deep", "4 x (3x3 conv, batch norm)" }, { "forest_labels", "labels by the forest" },
  { "boosting_labels", "labels by boosting" }, { "cnn_labels", "labels by the CNN" },
}
for _, learner in ipairs(plan.threaded) do
  local name, label = table.unpack(learner)
  plan.rows[#plan.rows + 1] = {
    work = "threads", measurement = "threads", label = "2 threads / 1: " .. label,
    value = "threads_" .. name, format = "%.3f", no_ratio = true,
    target = name ~= "spin" and 1 / 1.85 or nil,
  }
end

return plan
