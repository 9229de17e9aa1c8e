#include "app/program.h"

int main(int argc, char** argv) { return tideway::run_program(argc, argv); }
