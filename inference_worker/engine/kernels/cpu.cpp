// The parts of a step that are not a matrix product, for a CPU: what torch would do in dozens of small operations for
// each sequence and layer. Compiled on first use (build.py), called through ctypes (cpu.py), and held against plain.py.
//
// Shapes and layouts are those of kv_cache.py and batch.py. Everything is computed in f32, whatever the model's dtype.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace {

constexpr int64_t WORTH_THREADS = 1 << 17;  // numbers to compute; for fewer, waking another thread takes longer
constexpr int PAGE = 16;  // PAGE_TOKENS; also the number of f32 in a vector register of AVX-512

struct bf16 {
    uint16_t bits;
};

inline float widen(float x) { return x; }

inline float widen(bf16 x) {
    uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
    float wide;
    std::memcpy(&wide, &bits, 4);
    return wide;
}

inline void narrow(float x, float& to) { to = x; }

inline void narrow(float x, bf16& to) {  // to the nearest, ties to even; NaN stays NaN
    uint32_t bits;
    std::memcpy(&bits, &x, 4);
    to.bits = x != x ? 0x7fc0 : static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// Sixteen numbers side by side: one register of AVX-512, two of AVX2, four of SSE, as the compiler sees fit.
typedef float floats __attribute__((vector_size(64)));
typedef int32_t integers __attribute__((vector_size(64)));
typedef uint32_t words __attribute__((vector_size(64)));
typedef uint16_t halves __attribute__((vector_size(32)));

inline floats load(const float* from) {
    floats found;
    std::memcpy(&found, from, sizeof found);
    return found;
}

inline floats load(const bf16* from) {
    halves found;
    std::memcpy(&found, from, sizeof found);
    return reinterpret_cast<floats>(__builtin_convertvector(found, words) << 16);
}

inline float largest_of(floats x) {
    float values[PAGE];
    std::memcpy(values, &x, sizeof x);
    for (int width = PAGE / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) values[i] = std::max(values[i], values[i + width]);
    return values[0];
}

inline float sum_of(floats x) {
    float values[PAGE];
    std::memcpy(values, &x, sizeof x);
    for (int width = PAGE / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) values[i] += values[i + width];
    return values[0];
}

// e^x for x <= 0 within 2 units of the last place (Cephes' polynomial); what is below the smallest normal number is 0.
inline floats exponential(floats x) {
    const floats bounded = x < -87.0f ? floats{} - 87.0f : x;
    const integers whole = __builtin_convertvector(bounded * 1.44269504088896f - 0.5f, integers);
    const floats steps = __builtin_convertvector(whole, floats);
    const floats rest = bounded - steps * 0.693359375f + steps * 2.12194440e-4f;
    floats y = floats{} + 1.9875691500e-4f;
    y = y * rest + 1.3981999507e-3f;
    y = y * rest + 8.3334519073e-3f;
    y = y * rest + 4.1665795894e-2f;
    y = y * rest + 1.6666665459e-1f;
    y = y * rest + 5.0000001201e-1f;
    y = y * rest * rest + rest + 1.0f;
    const floats power = reinterpret_cast<floats>((whole + 127) << 23);
    return x < -87.0f ? floats{} : y * power;
}

template <class T>
void rms_norm(const T* x, const T* gain, float eps, int64_t rows, int64_t dim, T* out) {
#pragma omp parallel for if (rows * dim > WORTH_THREADS)
    for (int64_t row = 0; row < rows; row++) {
        const T* from = x + row * dim;
        T* to = out + row * dim;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < dim; i++) {
            float value = widen(from[i]);
            sum += value * value;
        }
        float factor = 1.0f / std::sqrt(sum / dim + eps);
#pragma omp simd
        for (int64_t i = 0; i < dim; i++) {
            T normed;  // narrowed before the gain, as the reference does
            narrow(widen(from[i]) * factor, normed);
            narrow(widen(normed) * widen(gain[i]), to[i]);
        }
    }
}

struct Shape {
    int64_t heads, kv_heads, head_dim;
};

template <class T>
void rotate(const T* from, const float* angles, int64_t half, T* to, int64_t stride) {
    for (int64_t i = 0; i < half; i++) {
        float even = widen(from[2 * i]), odd = widen(from[2 * i + 1]);
        float cosine = angles[2 * i], sine = angles[2 * i + 1];
        narrow(even * cosine - odd * sine, to[2 * i * stride]);
        narrow(even * sine + odd * cosine, to[(2 * i + 1) * stride]);
    }
}

template <class T>
void store(const T* qkv, const float* rotary, const int64_t* positions, const int64_t* slots, int64_t rows, Shape shape,
           T* queries, T* keys, T* values) {
    const int64_t dim = shape.head_dim, width = (shape.heads + 2 * shape.kv_heads) * dim;
#pragma omp parallel for if (rows * width > WORTH_THREADS)
    for (int64_t row = 0; row < rows; row++) {
        const T* from = qkv + row * width;
        const float* angles = rotary + positions[row] * dim;
        const int64_t page = slots[row] / PAGE, place = slots[row] % PAGE;
        for (int64_t head = 0; head < shape.heads; head++)
            rotate(from + head * dim, angles, dim / 2, queries + (row * shape.heads + head) * dim, 1);
        for (int64_t head = 0; head < shape.kv_heads; head++) {
            const int64_t corner = (page * shape.kv_heads + head) * dim * PAGE;
            rotate(from + (shape.heads + head) * dim, angles, dim / 2, keys + corner + place, PAGE);
            std::memcpy(values + corner + place * dim, from + (shape.heads + shape.kv_heads + head) * dim,
                        dim * sizeof(T));
        }
    }
}

// How well a query fits each key of a page. Four sums, since one would wait for itself at every addition.
template <class T>
inline floats fit(const float* query, const T* keys, int64_t dim) {
    floats sums[4] = {};
    for (int64_t i = 0; i < dim; i += 4)
        for (int k = 0; k < 4; k++) sums[k] += load(keys + (i + k) * PAGE) * query[i + k];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

template <class T>
inline void fetch(const T* block, int64_t count) {
    for (int64_t i = 0; i < count; i += 64 / sizeof(T)) __builtin_prefetch(block + i);
}

// Where the pages of one sequence and head lie.
template <class T>
struct Pages {
    const T *keys, *values;
    const int32_t* numbers;
    int64_t kv_head, kv_heads, dim;

    int64_t corner(int64_t index) const { return (numbers[index] * kv_heads + kv_head) * dim * PAGE; }
};

// The sum of WIDTH registers of each value times its share. Tokens by turns go to two sums, for the reason above.
template <int WIDTH, class T>
inline void mix(const float* shares, const Pages<T>& pages, int64_t count, int64_t from, float* out) {
    floats sums[2][WIDTH] = {};
    for (int64_t start = 0; start < count; start += PAGE) {
        const T* values = pages.values + pages.corner(start / PAGE) + from;
        if (start + PAGE < count) fetch(pages.values + pages.corner(start / PAGE + 1), pages.dim * PAGE);
        const int64_t left = std::min<int64_t>(PAGE, count - start);  // places that nobody filled may hold NaN
        for (int64_t j = 0; j < left; j++)
            for (int k = 0; k < WIDTH; k++)
                sums[j & 1][k] += load(values + j * pages.dim + k * PAGE) * shares[start + j];
    }
    for (int k = 0; k < WIDTH; k++) {
        const floats sum = sums[0][k] + sums[1][k];
        std::memcpy(out + from + k * PAGE, &sum, sizeof sum);
    }
}

// One query over the first `count` keys and values; `shares` has room for them, in whole pages.
template <class T>
void attend_one(const float* query, const Pages<T>& pages, int64_t count, float* shares, float* out) {
    const integers places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    floats tops = floats{} - 1e30f;
    for (int64_t start = 0; start < count; start += PAGE) {
        if (start + PAGE < count) fetch(pages.keys + pages.corner(start / PAGE + 1), pages.dim * PAGE);
        floats scores = fit(query, pages.keys + pages.corner(start / PAGE), pages.dim);
        scores = places < static_cast<int32_t>(count - start) ? scores : floats{} - 1e30f;
        tops = scores > tops ? scores : tops;
        std::memcpy(shares + start, &scores, sizeof scores);
    }
    const float top = largest_of(tops);
    floats total = {};
    for (int64_t start = 0; start < count; start += PAGE) {
        const floats share = exponential(load(shares + start) - top);
        total += share;
        std::memcpy(shares + start, &share, sizeof share);
    }
    int64_t from = 0;
    for (; from + 4 * PAGE <= pages.dim; from += 4 * PAGE) mix<4>(shares, pages, count, from, out);
    for (; from < pages.dim; from += PAGE) mix<1>(shares, pages, count, from, out);
    const float factor = 1.0f / sum_of(total);
    for (int64_t i = 0; i < pages.dim; i++) out[i] *= factor;
}

// Every query of the spans. A query head reads the key head of its group (Ainslie et al. 2023).
template <class T>
void attend(const T* queries, const T* keys, const T* values, const int32_t* row_starts, const int32_t* first_positions,
            const int32_t* pages, const int32_t* page_starts, int64_t spans, Shape shape, T* out) {
    const int64_t dim = shape.head_dim, group = shape.heads / shape.kv_heads;
    const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
#pragma omp parallel
    {
        std::vector<float> query(dim), mixed(dim), shares;
#pragma omp for schedule(dynamic)
        for (int64_t item = 0; item < spans * shape.kv_heads; item++) {
            const int64_t span = item / shape.kv_heads, kv_head = item % shape.kv_heads;
            const Pages<T> own = {keys, values, pages + page_starts[span], kv_head, shape.kv_heads, dim};
            shares.resize((page_starts[span + 1] - page_starts[span]) * PAGE);
            for (int64_t row = row_starts[span]; row < row_starts[span + 1]; row++)
                for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++) {
                    const int64_t place = (row * shape.heads + head) * dim;
                    for (int64_t i = 0; i < dim; i++) query[i] = widen(queries[place + i]) * scale;
                    attend_one(query.data(), own, first_positions[span] + row - row_starts[span] + 1, shares.data(),
                               mixed.data());
                    for (int64_t i = 0; i < dim; i++) narrow(mixed[i], out[place + i]);
                }
        }
    }
}

// Sampling. Weights are e^((logit - largest) / temperature); they and their order are all that a draw depends on.

struct Wish {
    float temperature, top_p;
    int64_t top_k;
    double random;  // in [0, 1)
};

// The last that is kept, in the order from heavy to light, of equal ones the lower id first.
struct Edge {
    float weight = 0;
    int32_t id = INT32_MAX;

    bool keeps(float other, int32_t other_id) const { return other > weight || (other == weight && other_id <= id); }
};

// A weight in (0, 1] belongs to the bucket of its leading bits, so heavier ones have higher buckets.
constexpr int BUCKET_BITS = 20, BUCKETS = (0x3f800000 >> BUCKET_BITS) + 1;

inline int bucket_of(float weight) {
    int32_t bits;
    std::memcpy(&bits, &weight, 4);
    return bits >> BUCKET_BITS;
}

struct Row {
    int64_t vocabulary = 0;
    std::vector<float> weights;  // in whole registers; the last ones are 0
    std::vector<int32_t> counts = std::vector<int32_t>(BUCKETS);
    std::vector<double> masses = std::vector<double>(BUCKETS);
    std::vector<std::pair<float, int32_t>> some;  // of one bucket, less the weight, so that the order is the usual one

    void weigh(const float* logits, int64_t count, float temperature) {
        vocabulary = count;
        weights.resize((vocabulary + PAGE - 1) / PAGE * PAGE);
        std::copy(logits, logits + vocabulary, weights.begin());
        std::fill(weights.begin() + vocabulary, weights.end(), -INFINITY);
        floats tops = load(weights.data());
        for (size_t i = PAGE; i < weights.size(); i += PAGE) {
            const floats each = load(&weights[i]);
            tops = each > tops ? each : tops;
        }
        const float top = largest_of(tops);
        for (size_t i = 0; i < weights.size(); i += PAGE) {
            const floats each = exponential((load(&weights[i]) - top) / temperature);
            std::memcpy(&weights[i], &each, sizeof each);
        }
    }

    void sort_into_buckets() {
        std::fill(counts.begin(), counts.end(), 0), std::fill(masses.begin(), masses.end(), 0.0);
        for (float weight : weights) {
            const int bucket = bucket_of(weight);
            counts[bucket]++, masses[bucket] += weight;
        }
    }

    // Where at most `most` are kept, and none after the kept ones weigh `enough`; `kept` becomes what these weigh.
    Edge cut(int64_t most, double enough, double& kept) {
        int64_t count = 0;
        kept = 0;
        int bucket = BUCKETS - 1;
        while (bucket > 0 && count + counts[bucket] < most && kept + masses[bucket] < enough)
            count += counts[bucket], kept += masses[bucket], bucket--;
        some.clear();
        for (size_t i = 0; i < weights.size(); i++)
            if (weights[i] > 0 && bucket_of(weights[i]) == bucket) some.push_back({-weights[i], static_cast<int32_t>(i)});
        std::sort(some.begin(), some.end());
        Edge edge;
        for (const auto& [less, id] : some) {
            edge = {-less, id};
            count++, kept -= less;
            if (count >= most || kept >= enough) break;
        }
        return edge;
    }

    int64_t draw(const Wish& wish) {
        Edge edge;
        if (wish.top_p < 1 || wish.top_k < vocabulary) {
            double kept;
            sort_into_buckets();
            edge = cut(wish.top_k, INFINITY, kept);
            if (wish.top_p < 1) {
                const Edge other = cut(wish.top_k, wish.top_p * kept, kept);
                if (edge.keeps(other.weight, other.id)) edge = other;
            }
        }
        double total = 0;
        for (size_t i = 0; i < weights.size(); i++)
            if (edge.keeps(weights[i], i)) total += weights[i];
        double left = wish.random * total;
        int64_t last = 0;
        for (size_t i = 0; i < weights.size(); i++)
            if (weights[i] > 0 && edge.keeps(weights[i], i)) {
                last = i;
                left -= weights[i];
                if (left < 0) break;
            }
        return last;
    }
};

}  // namespace

extern "C" void draw(const float* logits, int64_t rows, int64_t vocabulary, const float* temperatures,
                     const float* top_ps, const int64_t* top_ks, const double* randoms, int64_t* chosen) {
#pragma omp parallel
    {
        Row row;
#pragma omp for schedule(dynamic)
        for (int64_t i = 0; i < rows; i++) {
            row.weigh(logits + i * vocabulary, vocabulary, temperatures[i]);
            chosen[i] = row.draw({temperatures[i], top_ps[i], top_ks[i], randoms[i]});
        }
    }
}

#define FOR(T, NAME)                                                                                                  \
    extern "C" void rms_norm_##NAME(const T* x, const T* gain, float eps, int64_t rows, int64_t dim, T* out) {        \
        rms_norm(x, gain, eps, rows, dim, out);                                                                       \
    }                                                                                                                 \
    extern "C" void store_##NAME(const T* qkv, const float* rotary, const int64_t* positions, const int64_t* slots,   \
                                 int64_t rows, int64_t heads, int64_t kv_heads, int64_t head_dim, T* queries,         \
                                 T* keys, T* values) {                                                                \
        store(qkv, rotary, positions, slots, rows, {heads, kv_heads, head_dim}, queries, keys, values);               \
    }                                                                                                                 \
    extern "C" void attend_##NAME(const T* queries, const T* keys, const T* values, const int32_t* row_starts,        \
                                  const int32_t* first_positions, const int32_t* pages, const int32_t* page_starts,   \
                                  int64_t spans, int64_t heads, int64_t kv_heads, int64_t head_dim, T* out) {         \
        attend(queries, keys, values, row_starts, first_positions, pages, page_starts, spans,                         \
               {heads, kv_heads, head_dim}, out);                                                                     \
    }

FOR(float, float32)
FOR(bf16, bfloat16)
