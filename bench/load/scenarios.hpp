// The scenarios of the generator, one file each in scenarios/; README.md says what each does and prints.
#pragma once

#include "load/run.hpp"

namespace load {

Json fanout(Run& run);
Json latency(Run& run);
Json idle(Run& run);
Json storm(Run& run);
Json churn(Run& run);
Json mixed(Run& run);
Json rest(Run& run);
Json join(Run& run);
Json sync_cost(Run& run);

}  // namespace load
