"""What `bench/run` is made of.

  scenarios   what is measured, on whom
  subjects    who is measured: the limit program, chatd on its databases, the peers; each is started and stopped here
  server      one process, pinned; which core is whose
  interrupts  a session that is ended leaves nothing running
  load        the generator's command line and its answer
  results     what was measured, as the report and the targets ask for it
  session     rounds, interleaved; every run with what else the machine did
  machine     the machine: its CPUs, its kernel, who else used it
  stats       medians, spreads, ratios round by round
  targets     what must hold
  report      the session as Markdown, columns its tables, plot its SVG; all can be made again from the session's JSON
"""
