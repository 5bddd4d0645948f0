"""What `bench/run` is made of.

  scenarios   what is measured, on whom, with which targets
  subjects    who is measured: the limit program, chatd on its databases, the peers; each is started and stopped here
  load        the generator's command line and its answer
  session     rounds, interleaved; every run with what else the machine did
  machine     the machine: its CPUs, its kernel, who else used it
  stats       medians, spreads, ratios round by round
  report      the session as Markdown, plot as SVG; both can be made again from the session's JSON
"""
