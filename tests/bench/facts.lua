-- What a run of the bench states beside its figures: our program, the machine, the peers' versions.
local digits = require "digits"
local measure = dofile "tests/bench/measure.lua"
local facts = {}

-- Our program: .version, .revision (the commit of the sources; nil outside a repository), .changed
-- (whether they differ from it), .compiler.
function facts.program(build)
  local revision = measure.output "git rev-parse --short HEAD"
  local status = revision and measure.output "git status --porcelain --untracked-files=no"
  return {
    version = digits.info().version, revision = revision, changed = revision and status ~= "",
    compiler = measure.compiler(build).version,
  }
end

-- The ticks of all processors so far, and the idle ones among them, if the system tells.
local function processor_ticks()
  local file <close> = io.open "/proc/stat"
  local fields, total = {}, 0
  for field in (file and file:read "l" or ""):gmatch "%d+" do
    fields[#fields + 1] = tonumber(field)
    total = #fields <= 8 and total + fields[#fields] or total -- user time includes that of guests
  end
  return total, #fields >= 5 and fields[4] + fields[5] or nil
end

-- The share of the processors that others use, measured for a second before we begin.
local function busy_share()
  local total, idle = processor_ticks()
  if not idle or not os.execute "sleep 1" then return nil end
  local later_total, later_idle = processor_ticks()
  return 1 - (later_idle - idle) / math.max(1, later_total - total)
end

-- Whether the processor has instructions for bfloat16, if the system says so.
local function has_bfloat16()
  local file <close> = io.open "/proc/cpuinfo"
  for line in file and file:lines() or function() end do
    local words = line:match "^flags%s*:(.*)" or line:match "^Features%s*:(.*)"
    for word in (words or ""):gmatch "%S+" do
      if word == "avx512_bf16" or word == "amx_bf16" or word == "bf16" then return true end
    end
  end
  return false
end

-- The machine: .processor, .processors, .kernels (the level of instructions for which our kernels
-- are built), .openblas (its version), .openblas_core (the processor whose kernels it took),
-- .bfloat16 (whether it has instructions for it), .AVX512_BF16 (whether we use them), .busy (nil
-- where the system does not tell).
function facts.machine()
  local info = digits.info()
  return {
    processor = info.processor, processors = info.processors, kernels = info.kernels,
    openblas = info.openblas:match "OpenBLAS ([%d.]+)", openblas_core = info.openblas_core,
    bfloat16 = has_bfloat16(), AVX512_BF16 = info.bfloat16 ~= "float32", busy = busy_share(),
  }
end

-- The peers that can be used, name -> version, and those that are broken, name -> why. `command`
-- runs versions.py; without it, there is no Python.
function facts.peers(command)
  local versions, broken = {}, {}
  for line in (command and measure.output(command) or ""):gmatch "[^\n]+" do
    local name, why = line:match "^failed (%S+) (.*)"
    if name then
      broken[name] = why
    else
      local peer, version = line:match "^(%S+) (.+)"
      if peer then versions[peer] = version end -- packages may print lines of their own
    end
  end
  local lua = measure.output "lua5.4 -v"
  versions["lua5.4"] = lua and lua:match "Lua ([%d.]+)"
  return versions, broken
end

return facts
