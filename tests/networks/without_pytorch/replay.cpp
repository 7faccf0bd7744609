// Trains one network through a golden trajectory with the headers that train the paper, and without PyTorch, so that it
// can be compiled for any processor: `replay FILE`. Prints the largest error of the products, of the losses and of the
// final parameters. The file is what test_arm64.py writes: whole numbers, then numbers, in the order they are read
// here.
#include <cstdio>
#include <cstdlib>

#define LAYER_NORM_EPS 1e-5
#define NO_LOGIT -1e9
#include "network.h"

namespace {

struct File {
  std::FILE* at;

  template <typename T>
  std::vector<T> read(int64_t n) {
    std::vector<T> found(n);
    if (std::fread(found.data(), sizeof(T), n, at) != static_cast<size_t>(n)) {
      std::fprintf(stderr, "the file ends too early\n");
      std::exit(2);
    }
    return found;
  }
  int64_t whole() { return read<int64_t>(1)[0]; }
};

double worst(const double* ours, const double* theirs, int64_t n) {
  double most = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double error = std::abs(ours[i] - theirs[i]);
    if (!(error <= most)) most = error;  // also where it is not a number
  }
  return most;
}

// Products of every size and layout up to `largest`, beside sums in the order of the definition.
double products(int64_t largest) {
  double most = 0;
  std::vector<double> a(largest * largest), b(a), c(a), expected(a);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = std::sin(double(i));
    b[i] = std::cos(3.0 * i);
  }
  for (int64_t m = 1; m <= largest; m += 3)
    for (int64_t k = 1; k <= largest; k += 4)
      for (int64_t n = 1; n <= largest; ++n)
        for (int layout = 0; layout < 4; ++layout) {
          const bool left = layout & 1, right = layout & 2;
          const Matrix<double> x = left ? Matrix<double>(a.data(), k, m).t() : Matrix<double>(a.data(), m, k);
          const Matrix<double> y = right ? Matrix<double>(b.data(), n, k).t() : Matrix<double>(b.data(), k, n);
          multiply(x, y, Matrix<double>(c.data(), m, n));
          for (int64_t i = 0; i < m; ++i)
            for (int64_t j = 0; j < n; ++j) {
              double sum = 0;
              for (int64_t l = 0; l < k; ++l) sum += x.at[i * x.row + l * x.column] * y.at[l * y.row + j * y.column];
              expected[i * n + j] = sum;
            }
          most = std::max(most, worst(c.data(), expected.data(), m * n));
        }
  return most;
}

}  // namespace

int main(int argc, char** argv) {
  File file{argc == 2 ? std::fopen(argv[1], "rb") : nullptr};
  if (!file.at) return std::fprintf(stderr, "usage: replay FILE\n"), 2;
  const int64_t steps = file.whole(), batch = file.whole(), pairs = file.whole(), labels = file.whole();
  const int64_t heads = file.whole(), d_head = file.whole(), d_model = file.whole();
  const int64_t n_features = file.whole(), exemplars = file.whole();
  const std::vector<int64_t> size = file.read<int64_t>(PARAMETERS);
  const auto exemplar = file.read<int64_t>(steps * batch * (pairs + 1)),
             label = file.read<int64_t>(steps * batch * pairs);
  const auto match = file.read<int64_t>(steps * batch);
  const double learning_rate = file.read<double>(1)[0];
  auto features = file.read<double>(n_features * exemplars);
  const int64_t positions = 2 * pairs + 1;
  const auto cosine = file.read<double>(d_head / 2 * positions), sine = file.read<double>(d_head / 2 * positions);
  std::vector<std::vector<double>> parameters, means, squares;
  for (const int64_t n : size) {
    parameters.push_back(file.read<double>(n));
    for (auto* each : {&means, &squares}) each->emplace_back(n);
  }
  const auto losses = file.read<double>(steps);

  const std::vector<int8_t> own(heads, OWN);
  const std::vector<double> strength(heads);
  const bool copies[64] = {};
  Room<double> room;
  double of_losses = 0, beta_1 = 1, beta_2 = 1;
  for (int64_t step = 0; step < steps; ++step) {
    room.next = 0;
    Network<double> net, mean, square;
    for (int i = 0; i < PARAMETERS; ++i) {
      net.at[i] = parameters[i].data();
      mean.at[i] = means[i].data();
      square.at[i] = squares[i].data();
    }
    Run<double> run{net,
                    net,
                    false,
                    {{own.data(), own.data()}, {strength.data(), strength.data()}, copies, false, false},
                    Matrix<double>(features.data(), exemplars, n_features).t(),
                    labels,
                    {heads, heads},
                    d_model,
                    d_head,
                    pairs,
                    {cosine.data(), sine.data(), positions},
                    room};
    const Sequences which{&exemplar[step * batch * (pairs + 1)], &label[step * batch * pairs], &match[step * batch],
                          batch};
    beta_1 *= 0.9;
    beta_2 *= 0.999;
    const Adam<double> adam{learning_rate / (1 - beta_1), std::sqrt(1 - beta_2), 0.9, 0.999, 1e-8};
    const double loss = run.step(which, adam, mean, square, size.data());
    of_losses = std::max(of_losses, worst(&loss, &losses[step], 1));
  }
  double of_parameters = 0;
  for (int i = 0; i < PARAMETERS; ++i)
    of_parameters = std::max(of_parameters, worst(parameters[i].data(), file.read<double>(size[i]).data(), size[i]));
  std::printf("products %.3g\nlosses %.3g\nparameters %.3g\n", products(40), of_losses, of_parameters);
  std::fclose(file.at);
  return 0;
}
