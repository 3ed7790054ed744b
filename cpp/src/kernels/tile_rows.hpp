// Rows of the largest register tile. Every number of rows below it is a function of its own; instrumenting all of them
// takes a compiler half an hour, so builds with sanitizers stop at three.
#pragma once

#ifdef RANVIER_FEW_TILES
#define RANVIER_TILE_ROWS(best) 3
#else
#define RANVIER_TILE_ROWS(best) best
#endif
