-- What a fit shows: a bar that is redrawn on a terminal, and a line for each epoch.
local duration = require "digits.duration"

local WIDTH = 24 -- of the bar
local SCORES = { "loss", "accuracy", "val_loss", "val_accuracy" }

local function scores(log)
  local parts = {}
  for _, name in ipairs(SCORES) do
    if log[name] then parts[#parts + 1] = ("%s %.4f"):format(name, log[name]) end
  end
  return table.concat(parts, "  ")
end

local function place(log)
  local digits = #tostring(log.epochs)
  return ("epoch %" .. digits .. "d/%d"):format(log.epoch, log.epochs)
end

local function bar(log)
  local full = math.floor(WIDTH * log.batch / log.batches)
  local left = log.seconds / log.batch * (log.batches - log.batch)
  return ("%s [%s%s] %s  %s left"):format(place(log), ("="):rep(full), ("."):rep(WIDTH - full),
    scores(log), duration(left))
end

-- event: "batch" redraws the bar; "epoch" writes the line of an epoch; "end" leaves a bar behind.
return function(event, log, terminal)
  if event == "end" then
    io.stdout:write("\n")
  elseif event == "batch" then
    io.stdout:write("\r", bar(log), "\27[K")
  else
    io.stdout:write(terminal and "\r" or "", place(log), "  ", duration(log.seconds), "  ",
      scores(log), terminal and "\27[K\n" or "\n")
  end
  io.stdout:flush()
end
