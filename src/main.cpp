// chatd: command line in, app/ out.
#include "app/command_line.hpp"

int main(int argc, char** argv) { return chat::app::run_command_line({argv + 1, argv + argc}); }
