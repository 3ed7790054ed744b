#pragma once

// Everything else is hidden: two libraries that contain parts of this one do not meet.
#if defined(__GNUC__)
#define RANVIER_API __attribute__((visibility("default")))
#else
#define RANVIER_API
#endif
