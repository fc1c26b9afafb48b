-- A run of the bench as JSON, and the history of runs.
--
-- A record is one object (times are UTC; what is not known is left out):
--   format        1
--   time          when the run ended, "2026-11-26T07:40:00Z"
--   rounds        how often each command was run
--   base          the commit that we were compared with instead of the peers (BASE=)
--   program       version, revision (commit), changed (whether the sources differ), compiler
--   machine       processor, processors, kernels, openblas, openblas_core, bfloat16 (whether it has
--                 instructions for it), AVX512_BF16 (whether we use these), busy (the share of the
--                 processors that others used before the run)
--   peers         package -> version
--   measurements  name in plan.lua -> side ("ours", a peer, "machine") -> figure -> { unit,
--                 median, samples (one per round) }
--   failures      measurement -> side -> what the failed command said last
--   rows          the lines of the table: work, label, unit, ours, last (ours in the last run on
--                 this machine), peer, peer_name, side, ratio, sgemm_share, verdict
--   remarks       the lines below it
-- Units: s, ms, us, MB (10^6 bytes), GFLOP/s, GB/s, 1.
local internals = require("digits.core").internals
local encode = require "digits.search.json"
local record = {}

local units = {
  seconds = "s", cpu = "s", predict = "s", predict_cpu = "s", wall_ms = "ms", one_us = "us",
  peak_mb = "MB", read_gbs = "GB/s", accuracy = "1", error = "1", log_loss = "1", difference = "1",
}

-- The unit of what a command printed under this name; nil if it is unknown.
function record.unit(name)
  if name:find "^gflops_" then return "GFLOP/s" end
  if name:find "^threads_" then return "1" end
  if name:find "_%d+_%d+_%d+$" then return "s" end -- growth.lua's
  return units[name]
end

-- Medians and samples by side and figure, with their units.
function record.measurement(found)
  local sides = {}
  for side, lists in pairs(found.samples) do
    for name, samples in pairs(lists) do
      sides[side] = sides[side] or {}
      sides[side][name] = {
        unit = record.unit(name), samples = samples, median = found.medians[side][name],
      }
    end
  end
  return sides
end

-- One line of JSON. Empty tables are left out, for JSON could not say whether they are lists.
function record.text(run)
  local function without_empty(value)
    if type(value) ~= "table" then return value end
    local kept = {}
    for key, field in pairs(value) do
      field = without_empty(field)
      if type(field) ~= "table" or next(field) then kept[key] = field end
    end
    return kept
  end
  return encode(without_empty(run)) .. "\n"
end

-- Writes it to a file; `mode` as io.open has it. Returns whether it could, or else why not.
function record.write(run, path, mode)
  local file <close>, why = io.open(path, mode)
  if not file then return false, why end
  local written
  written, why = file:write(record.text(run))
  if written then written, why = file:close() end
  return written ~= nil, why and path .. ": " .. why
end

local function same_machine(a, b)
  for _, name in ipairs { "processor", "processors", "kernels" } do
    if a[name] ~= b[name] then return false end
  end
  return true
end

-- What the history in this file has of a machine (as .machine of a record): measurement -> the last
-- run there that has ours: { time, program, busy, medians by side }; and how many lines of the
-- file cannot be read. Nothing if there is no such file.
function record.last(path, machine)
  local file <close> = io.open(path)
  local last, broken = {}, 0
  for line in (file and file:read "a" or ""):gmatch "[^\n]+" do
    local run = internals.parse_json(line, path)
    if type(run) ~= "table" or run.format ~= 1 then
      broken = broken + 1
    elseif same_machine(run.machine, machine) then
      for name, sides in pairs(run.measurements or {}) do
        local medians = {}
        for side, figures in pairs(sides) do
          medians[side] = {}
          for figure, got in pairs(figures) do medians[side][figure] = got.median end
        end
        if medians.ours and next(medians.ours) then
          last[name] = {
            time = run.time, program = run.program, busy = run.machine.busy, medians = medians,
          }
        end
      end
    end
  end
  return last, broken
end

return record
