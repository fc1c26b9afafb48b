-- Seconds for people to read: "31 ms", "3.1 s", "279 s", "20 min", "1.7 h"; "?" for NaN and inf.
return function(seconds)
  if seconds ~= seconds or seconds >= 1e15 then return "?" end
  if seconds == 0 then return "0 s" end
  if seconds < 0.0005 then return "< 1 ms" end
  if seconds < 0.0995 then return ("%.0f ms"):format(1000 * seconds) end
  if seconds < 999.5 then return (seconds < 99.95 and "%.1f s" or "%.0f s"):format(seconds) end
  if seconds < 5970 then return ("%.0f min"):format(seconds / 60) end
  return (seconds < 35820 and "%.1f h" or "%.0f h"):format(seconds / 3600)
end
