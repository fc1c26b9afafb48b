-- What `make bench` measures.
local plan = {}

-- In the order of the table; BENCH chooses among them.
plan.works = { "cnn", "dense", "csv", "start", "memory", "predict", "deep" }

-- By name in a command: the Debian package that brings it.
plan.packages = {
  PyTorch = "python3-torch",
  pandas = "python3-pandas",
  ["lua5.4"] = "lua5.4",
}

local function ours(script)
  return "$process 1 $digits --threads 2 tests/bench/ours/" .. script .. " $data"
end

local function python(script)
  return "$process 1 $python tests/bench/peers/" .. script .. " $data"
end

-- Each is run in rounds: ours, the peer, and, where it matters, the machine. In commands, $name
-- stands for what run.lua knows by that name. `needs`: what the peer cannot do without.
-- OpenBLAS takes processors newer than itself for older ones, and uses half of their speed: where
-- there is AVX-512, its kernels for that are measured too, and the faster ones count.
plan.measurements = {
  cnn = {
    ours = ours "train.lua cnn idx",
    peer = python "train.py cnn idx",
    machine = "$sgemm 2 1",
    machine_avx512 = "$sgemm 2 1 && OPENBLAS_CORETYPE=SkylakeX $sgemm 2 1",
    needs = { "PyTorch" },
    reads = "idx",
  },
  cnn_csv = {
    ours = ours "train.lua cnn csv",
    peer = python "train.py cnn csv",
    needs = { "PyTorch", "pandas" },
    reads = "csv",
  },
  dense = {
    ours = ours "train.lua dense idx",
    peer = python "train.py dense idx",
    needs = { "PyTorch" },
    reads = "idx",
  },
  csv = {
    ours = ours "read_csv.lua",
    peer = python "read_csv.py",
    needs = { "pandas" },
    reads = "csv",
  },
  start = {
    ours = "$process 21 $digits -e ''",
    peer = "$process 21 lua5.4 -e ''",
    needs = { "lua5.4" },
  },
  require = {
    ours = "$process 21 $digits -e 'require \"digits\"'",
    peer = "$process 3 $python -c 'import torch'",
    needs = { "PyTorch" },
  },
  predict = {
    ours = ours "predict.lua",
    peer = python "predict.py",
    needs = { "PyTorch" },
    reads = "idx",
  },
  deep = {
    ours = ours "train.lua deep idx",
    peer = python "train.py deep idx",
    needs = { "PyTorch" },
    reads = "idx",
  },
}

-- Products of an epoch of the CNN, forward and backward, without those towards the images.
local epoch_flop = 39200 * 5.4e6

local function sgemm_share(got, machine)
  local gflops = 0
  for _, speed in pairs(machine) do gflops = math.max(gflops, speed) end
  return gflops > 0 and 100 * epoch_flop / got.seconds / (gflops * 1e9) or nil
end

-- An epoch of 60 000, of which the measurement learns a tenth.
local function ten_times(got)
  return 10 * got.seconds
end

-- The table's rows. `value`: what the measurement printed under that name, or a function of all
-- that it printed and of what the machine's command printed. Targets: the most that the ratio
-- ours / peer, or our figure, may be. The peer is PyTorch where none is named.
plan.rows = {
  { work = "cnn", measurement = "cnn", label = "CNN, one epoch of 39 200 images",
    value = "seconds", format = "%.2f s", ratio_target = 1 / 3 },
  { work = "cnn", measurement = "cnn", label = "  share of the machine's sgemm speed",
    value = sgemm_share, format = "%.1f %%", no_ratio = true },
  { work = "cnn", measurement = "cnn", label = "  test accuracy after it",
    value = "accuracy", format = "%.4f", no_ratio = true },
  { work = "dense", measurement = "dense", label = "784-128-64-10, one epoch of 39 200",
    value = "seconds", format = "%.2f s", ratio_target = 1 / 2 },
  { work = "dense", measurement = "dense", label = "  test accuracy after it",
    value = "accuracy", format = "%.4f", no_ratio = true },
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
    value = "seconds", format = "%.2f s" },
  { work = "predict", measurement = "predict", label = "CNN, one digit at a time",
    value = "one_us", format = "%.0f us" },
  { work = "deep", measurement = "deep", label = "4 x (3x3 conv, batch norm), 60 000",
    value = ten_times, format = "%.1f s" },
}

return plan
