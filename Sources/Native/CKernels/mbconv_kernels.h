// The body of mbconv.c, included after mbconv_products.h.

// One row of depthwise outputs, 32 channels: T neighbouring outputs at a time, whose inputs are
// loaded once. Kernel size, stride and T are constants at every call. What is computed past the
// end of the row is not stored.
VILD_INLINE void NAME(depthwise_tiles)(element *y, float *sums, const float *const *rows, size_t count,
                                       const float *weight, const float *bias, size_t width,
                                       int activation, const size_t K, const size_t S, const size_t T) {
  for (size_t part = 0; part < PANEL; part += LANES) {
    vector total = FLOATS(sums + part);
    for (size_t ox = 0; ox < width; ox += T) {
      vector sum[T];
      UNROLL for (size_t o = 0; o < T; o++) sum[o] = FLOATS(bias + part);
      for (size_t ky = 0; ky < count; ky++) {
        const float *from = rows[ky] + ox * S * PANEL + part, *w = weight + ky * K * PANEL + part;
        UNROLL for (size_t column = 0; column < (T - 1) * S + K; column++) {
          const vector x = FLOATS(from + column * PANEL);
          UNROLL for (size_t kx = 0; kx < K; kx++)
            if (column >= kx && (column - kx) % S == 0 && (column - kx) / S < T)
              sum[(column - kx) / S] += x * FLOATS(w + kx * PANEL);
        }
      }
      UNROLL for (size_t o = 0; o < T; o++)
        if (ox + o < width) {
          const vector value = NAME(activate)(sum[o], activation);
          total += value;
          NAME(store)(y + (ox + o) * PANEL + part, value);
        }
    }
    SET_FLOATS(sums + part) = total;
  }
}

static void NAME(depthwise_row)(element *y, float *sums, const float *const *rows, size_t count,
                                const float *weight, const float *bias, const Block *b) {
  const size_t width = b->out_width;
#define TILES(K, S, T) \
  NAME(depthwise_tiles)(y, sums, rows, count, weight, bias, width, b->activation, K, S, T)
#if LANES == 16
#define CASE(K, S) \
  if (b->kernel == K && b->stride == S) { \
    if (width % 12 == 0 || width > 30) TILES(K, S, 12); \
    else if (width % 9 == 0) TILES(K, S, 9); \
    else TILES(K, S, 5); \
  }
#else
#define CASE(K, S) if (b->kernel == K && b->stride == S) TILES(K, S, 6);
#endif
  CASE(3, 1) CASE(3, 2) CASE(5, 1) CASE(5, 2) CASE(7, 1) CASE(7, 2)
#undef CASE
#undef TILES
}

// Expansion and depthwise convolution: `d` becomes blocks of 32 channels, each [cells][32], and
// `sums` the sums of each channel. `ring` holds the last rows of one block, between zeros.
static void NAME(expand_depthwise)(const Block *b, const element *x, element *d, float *sums,
                                   float *ring) {
  const size_t K = b->kernel, taps = K * K, stride = ROUND_UP(b->inputs, 16);
  const size_t row = (b->width + K + 32) * PANEL, depth = ROUND_UP(b->inputs, HALF + 1);
  memset(ring, 0, K * row * sizeof(float));
  for (size_t channel = 0; channel < b->expanded; channel += PANEL) {
    const size_t panel = channel / PANEL;
    const element *weight = b->expand ? (const element *)b->expand + channel * ROUND_UP(b->inputs, 2) : NULL;
    size_t oy = 0;
    for (size_t iy = 0; iy < b->height; iy++) {
      float *to = ring + iy % K * row + b->pad_left * PANEL;
      const element *from = x + iy * b->width * stride;
      if (weight)
        NAME(expand_cells)(to, from, stride, weight, b->expand_bias + channel, depth, b->width, b->activation);
      else
        for (size_t cell = 0; cell < b->width; cell++)
          for (size_t c = 0; c < PANEL && channel + c < stride; c += LANES)
            SET_FLOATS(to + cell * PANEL + c) = NAME(load)(from + cell * stride + channel + c);
      for (; oy < b->out_height; oy++) {
        // The kernel's rows [top, bottom) of this output lie inside the map.
        const size_t start = oy * b->stride, end = start + K - b->pad_top;
        const size_t top = start < b->pad_top ? b->pad_top - start : 0;
        const size_t bottom = end > b->height ? K - (end - b->height) : K;
        if (start + bottom > iy + 1 + b->pad_top) break;
        const float *rows[7];
        for (size_t ky = top; ky < bottom; ky++)
          rows[ky - top] = ring + (start + ky - b->pad_top) % K * row;
        NAME(depthwise_row)(d + (panel * b->out_height + oy) * b->out_width * PANEL, sums + channel, rows,
                            bottom - top, b->depthwise + (panel * taps + top * K) * PANEL,
                            b->depthwise_bias + channel, b);
      }
    }
  }
}

// Squeeze and excite: a weight for each channel from the sums of all.
static void NAME(weigh)(const Block *b, float *sums, float *weights, float *squeezed) {
  const size_t channels = ROUND_UP(b->expanded, PANEL);
  const vector share = (vector){0} + 1.0f / (float)(b->out_height * b->out_width);
  for (size_t c = 0; c < channels; c += LANES) {
    SET_FLOATS(sums + c) = FLOATS(sums + c) * share;
    SET_FLOATS(weights + c) = FLOATS(b->excite_bias + c);
  }
  for (size_t s = 0; s < b->squeezed; s++) {
    vector sum[2] = {{0}, {0}};
    const float *weight = b->squeeze + s * channels;
    for (size_t c = 0; c < channels; c += 2 * LANES) {
      sum[0] += FLOATS(sums + c) * FLOATS(weight + c);
      sum[1] += FLOATS(sums + c + LANES) * FLOATS(weight + c + LANES);
    }
    float total = b->squeeze_bias[s];
    for (size_t lane = 0; lane < LANES; lane++) total += sum[0][lane] + sum[1][lane];
    squeezed[s] = total;
  }
  vild_bias_activation(squeezed, NULL, 1, b->squeezed, b->activation);
  for (size_t s = 0; s < b->squeezed; s++) {
    const float *weight = b->excite + s * channels;
    for (size_t c = 0; c < channels; c += LANES)
      SET_FLOATS(weights + c) = FLOATS(weights + c) + squeezed[s] * FLOATS(weight + c);
  }
  vild_bias_activation(weights, NULL, 1, channels, VILD_SIGMOID);
}

static void NAME(block)(const Block *b, const void *x, void *y, void *scratch) {
  const size_t channels = ROUND_UP(b->expanded, PANEL), cells = b->out_height * b->out_width;
  float *ring = scratch;
  float *sums = ring + b->kernel * (b->width + b->kernel + 32) * PANEL;
  float *weights = sums + channels, *squeezed = weights + channels;
  element *d = (element *)(squeezed + ROUND_UP(b->squeezed, 16)), *chunk = d + cells * channels;
  memset(sums, 0, channels * sizeof(float));
  NAME(expand_depthwise)(b, x, d, sums, ring);
  if (b->squeezed) NAME(weigh)(b, sums, weights, squeezed);

  // As many cells as stay in the second-level cache while the kernel passes by.
  const size_t room = CHUNK_BYTES / (channels * sizeof(element)) / MOST * MOST;
  const size_t most = room < 24 ? 24 : room > 96 ? 96 : room, width = ROUND_UP(b->outputs, 16);
  for (size_t cell = 0, count; cell < cells; cell += count) {
    const size_t left = cells - cell;
    count = left < most ? left : most;
    for (size_t channel = 0; channel < channels; channel += LANES) {
      const element *from = d + channel / PANEL * cells * PANEL + cell * PANEL + channel % PANEL;
      const vector weight = b->squeezed ? FLOATS(weights + channel) : (vector){0} + 1.0f;
      for (size_t i = 0; i < count; i++)
        NAME(store)(chunk + i * channels + channel, NAME(load)(from + i * PANEL) * weight);
    }
    NAME(map_cells)((element *)y + cell * width, chunk, channels, b->project, b->project_bias,
                    b->skip ? (const element *)x + cell * width : NULL, channels, b->outputs, count,
                    VILD_IDENTITY);
  }
}

static void NAME(stem)(const Stem *s, const float *x, void *y, void *scratch) {
  element *patches = scratch;
  const size_t width = ROUND_UP(s->outputs, 16);
  for (size_t oy = 0; oy < s->out_height; oy++) {
    for (size_t ox = 0; ox < s->out_width; ox++)
      for (size_t ky = 0; ky < 3; ky++)
        for (size_t kx = 0; kx < 3; kx++) {
          const size_t iy = 2 * oy + ky - s->pad_top, ix = 2 * ox + kx - s->pad_left;
          const int inside = iy < s->height && ix < s->width;
          for (size_t c = 0; c < 3; c++) {
            const float value = inside ? x[(iy * s->width + ix) * 3 + c] : 0;
#if HALF
            union { float f; uint32_t u; } bits = {.f = value};
            patches[ox * 28 + (ky * 3 + kx) * 3 + c] =
                (uint16_t)((bits.u + 0x7fff + ((bits.u >> 16) & 1)) >> 16);
#else
            patches[ox * 28 + (ky * 3 + kx) * 3 + c] = value;
#endif
          }
        }
    for (size_t ox = 0; ox < s->out_width; ox++) patches[ox * 28 + 27] = 0;
    NAME(map_cells)((element *)y + oy * s->out_width * width, patches, 28, s->weight, s->bias, NULL,
                    27 + HALF, s->outputs, s->out_width, s->activation);
  }
}

static void NAME(map_mean)(float *mean, const void *x, size_t cells, size_t channels) {
  for (size_t c = 0; c < channels; c += LANES) {
    vector sum = {0};
    for (size_t cell = 0; cell < cells; cell++) sum += NAME(load)((const element *)x + cell * channels + c);
    SET_FLOATS(mean + c) = sum * (1.0f / (float)cells);
  }
}

#undef element
#undef MOST
#undef VECTORS
#undef FLOATS
#undef SET_FLOATS
#undef vector
