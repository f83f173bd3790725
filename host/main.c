// The program's entry.
#include "host/start.h"

int main(int argc, char **argv)
{
    return start(argc, argv);
}
