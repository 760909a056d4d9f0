#include <stdint.h>
#include <cblas.h>
