-- Runs commands and keeps what they print.
local measure = {}

-- Any text as one word for sh.
function measure.quote(text)
  return "'" .. text:gsub("'", [['\'']]) .. "'"
end

-- What a command prints, without the last line's end; nil when it fails.
function measure.output(command)
  local pipe = assert(io.popen(command .. " 2>/dev/null"))
  local text = pipe:read "a"
  return pipe:close() and text:gsub("\n$", "") or nil
end

-- The compiler that built the program in this folder: .version is the first line of its --version,
-- in which gcc names itself as it was called (gcc-12, x86_64-linux-gnu-gcc), and here as gcc;
-- .target; .cflags, the flags that users may choose.
function measure.compiler(build)
  local file <close> = assert(io.open(build .. "/flags"))
  local command, cflags = file:read("a"):match "^(.-) %-std=gnu11 (.-) %-fno%-math%-errno"
  assert(command, build .. "/flags has not the form that the Makefile gives it")
  local version = assert(measure.output(command .. " --version"), command):match "[^\n]+"
  return {
    version = version:gsub("^%S*gcc%S* ", "gcc "), cflags = cflags,
    target = assert(measure.output(command .. " -dumpmachine"), command),
  }
end

-- Runs it once. Returns the numbers of its "name value" lines; or nil and the end of what it said.
function measure.run(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local values, said = {}, {}
  for line in pipe:lines() do
    local name, value = line:match "^([%w_]+) (%S+)$"
    if tonumber(value) then
      values[name] = tonumber(value)
    else
      said[#said + 1] = line
    end
  end
  if pipe:close() then return values end
  return nil, table.concat(said, "\n", math.max(1, #said - 4))
end

-- The speed of sgemm with OpenBLAS's quickest kernels, in GFLOP/s, from what the machine's command
-- printed; nil if that is not known.
function measure.sgemm(machine)
  local most
  for name, speed in pairs(machine) do
    if name:find "^gflops_" then most = math.max(most or 0, speed) end
  end
  return most
end

function measure.median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local n = #sorted
  return (sorted[(n + 1) // 2] + sorted[n // 2 + 1]) / 2
end

-- Takes turns: every side once a round. `sides` is a list of { name =, command = }. Returns
-- three tables by side: the medians of its numbers by name, none if it failed; what a failed one
-- said; lists of its numbers by name.
function measure.alternate(sides, rounds, on_round)
  local samples, failures = {}, {}
  for round = 1, rounds do
    on_round(round)
    for _, side in ipairs(sides) do
      local values, said
      if not failures[side.name] then values, said = measure.run(side.command) end
      failures[side.name] = failures[side.name] or said
      local lists = samples[side.name] or {}
      samples[side.name] = lists
      for name, value in pairs(values or {}) do
        lists[name] = lists[name] or {}
        table.insert(lists[name], value)
      end
    end
  end
  local medians = {}
  for side, lists in pairs(samples) do
    medians[side] = {}
    for name, list in pairs(lists) do
      medians[side][name] = not failures[side] and measure.median(list) or nil
    end
  end
  return medians, failures, samples
end

return measure
