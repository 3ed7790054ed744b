// Partial loads and stores of 16-byte vectors for instruction sets without masks: lane by lane.
// Included inside the namespace of such an instruction set, after RawF32 and RawF64.

template <class T, class Raw>
inline Raw load_lanes(const T* p, index n) {
  Raw x = {};
  for (index i = 0; i < n; i++) x[i] = p[i];
  return x;
}

template <class T, class Raw>
inline void store_lanes(T* p, Raw x, index n) {
  for (index i = 0; i < n; i++) p[i] = x[i];
}

inline RawF32 raw_load_n(const float* p, index n) { return load_lanes<float, RawF32>(p, n); }
inline RawF64 raw_load_n(const double* p, index n) { return load_lanes<double, RawF64>(p, n); }
inline void raw_store_n(float* p, RawF32 x, index n) { store_lanes(p, x, n); }
inline void raw_store_n(double* p, RawF64 x, index n) { store_lanes(p, x, n); }

// 16 bytes from p; wider instruction sets put those of p + stride, ... beside them.
inline RawF32 raw_load_pieces(const float* p, index) { return RawF32{p[0], p[1], p[2], p[3]}; }
inline RawF64 raw_load_pieces(const double* p, index) { return RawF64{p[0], p[1]}; }
