/* Terms in C, against the built-in ones with the same formulas. */

#include "check.h"

enum { BATCH = 2, CHANNELS = 2, PIXELS = 1000 };

static float z32[BATCH * CHANNELS * PIXELS], g32[COUNT(z32)], other32[COUNT(z32)];
static double z64[COUNT(z32)], g64[COUNT(z32)], other64[COUNT(z32)];
static uint8_t mask[COUNT(z32)], labels[BATCH * PIXELS];
static int64_t shape[] = {BATCH, CHANNELS, PIXELS};
static int released, refusals, nested_result;
static segloss_workspace *busy;

static void bce64(void *context, const double *parameters, const segloss_pixel_tile_f64 *tile,
                  double *value, double *slope) {
    uint32_t i;
    CHECK(context == &released && tile->count == 256 && tile->struct_size == sizeof *tile);
    for (i = 0; i < tile->count; i++) {
        value[i] = parameters[0] * (fmax(tile->z[i], 0) - tile->z[i] * tile->y[i] + tile->tail[i]);
        slope[i] = parameters[0] * (tile->p[i] - tile->y[i]);
    }
}

static void bce32(void *context, const double *parameters, const segloss_pixel_tile_f32 *tile,
                  float *value, float *slope) {
    const float by = (float)parameters[0];
    uint32_t i;
    CHECK(context == &released && tile->count == 256 && tile->struct_size == sizeof *tile);
    for (i = 0; i < tile->count; i++) {
        value[i] = by * (fmaxf(tile->z[i], 0) - tile->z[i] * tile->y[i] + tile->tail[i]);
        slope[i] = by * (tile->p[i] - tile->y[i]);
    }
}

static void focal64(void *context, const double *parameters, const segloss_class_tile_f64 *tile,
                    double *value, double *slope) {
    const double by = parameters[0];
    uint32_t i;
    CHECK(context == &released && tile->count == 256 && tile->struct_size == sizeof *tile);
    for (i = 0; i < tile->count; i++) {
        const double p = tile->p[i], q = tile->q[i], log_p = tile->log_p[i];
        value[i] = -by * q * q * log_p;
        slope[i] = by * q * (2 * p * log_p - q);
    }
}

static void focal32(void *context, const double *parameters, const segloss_class_tile_f32 *tile,
                    float *value, float *slope) {
    const float by = (float)parameters[0];
    uint32_t i;
    CHECK(context == &released && tile->count == 256 && tile->struct_size == sizeof *tile);
    for (i = 0; i < tile->count; i++) {
        const float p = tile->p[i], q = tile->q[i], log_p = tile->log_p[i];
        value[i] = -by * q * q * log_p;
        slope[i] = by * q * (2 * p * log_p - q);
    }
}

/* Tversky's loss of 0.3 false positives and 0.7 false negatives, averaged over channels. */
static void tversky(void *context, const double *parameters, const segloss_region_sums *region,
                    double *value, double *slope) {
    const double a = 0.3, b = 0.7;
    double sum = 0, slopes = 0, count = 0;
    size_t k;
    (void)parameters;
    CHECK(context == NULL && region->struct_size == sizeof *region && region->reserved == 0);
    for (k = 0; k < region->classes; k++) {
        double tp = region->sums[3 * k], fp = region->sums[3 * k + 1], fn = region->sums[3 * k + 2];
        double missed = a * fp + b * fn, hit = tp + 1e-6, all = hit + missed;
        if (region->skips_absent && tp + fn == 0) continue;
        count++;
        sum += missed / all;
        if (k != region->seed_class) continue;
        if (region->seed == SEGLOSS_REGION_SEED_FALSE_POSITIVE)
            slopes = a * hit / (all * all);
        if (region->seed == SEGLOSS_REGION_SEED_FALSE_NEGATIVE)
            slopes = (b * hit + missed) / (all * all);
    }
    *value = sum / count;
    *slope = slopes / count;
}

/* A plugin that calls the library: a workspace that is in use is refused, the thread's own is not. */
static void nested(void *context, const double *parameters, const segloss_pixel_tile_f64 *tile,
                   double *value, double *slope) {
    int64_t one[] = {1, 1, 1};
    float logit = 1;
    uint8_t target = 1;
    double own = 0;
    DLTensor z = segloss_tensor(&logit, SEGLOSS_FLOAT32, one, 3);
    DLTensor y = segloss_tensor(&target, SEGLOSS_UINT8, one, 3);
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    uint32_t i;
    (void)parameters;
    outputs.value = &own;
    refusals += segloss_evaluate((const segloss_loss *)context, &z, &y, NULL, &outputs, busy) ==
                SEGLOSS_RESULT_BUSY;
    nested_result = segloss_evaluate((const segloss_loss *)context, &z, &y, NULL, &outputs, NULL);
    for (i = 0; i < tile->count; i++) value[i] = slope[i] = own;
}

static void release(void *context) {
    CHECK(context == &released);
    released++;
}

static segloss_plugin *pixel(int with_f32) {
    static const segloss_parameter by = {"by", 1, 0, 10};
    segloss_pixel_term term = SEGLOSS_PIXEL_TERM_INIT;
    segloss_plugin *plugin = NULL;
    term.name = "my_bce", term.tile_f64 = bce64, term.tile_f32 = with_f32 ? bce32 : NULL;
    term.parameters = &by, term.parameter_count = 1;
    term.context = &released, term.release = release;
    CHECK(segloss_plugin_pixel(&term, &plugin) == 0);
    return plugin;
}

static segloss_plugin *of_class(int with_f32) {
    static const segloss_parameter by = {"by", 1, 0, 10};
    segloss_class_term term = SEGLOSS_CLASS_TERM_INIT;
    segloss_plugin *plugin = NULL;
    term.name = "my_focal", term.tile_f64 = focal64, term.tile_f32 = with_f32 ? focal32 : NULL;
    term.parameters = &by, term.parameter_count = 1;
    term.context = &released, term.release = release;
    CHECK(segloss_plugin_class(&term, &plugin) == 0);
    return plugin;
}

static segloss_plugin *region(void) {
    segloss_region_term term = SEGLOSS_REGION_TERM_INIT;
    segloss_plugin *plugin = NULL;
    term.name = "my_tversky", term.loss = tversky;
    CHECK(segloss_plugin_region(&term, &plugin) == 0);
    return plugin;
}

static segloss_loss *loss_of(const char *text, int32_t link, segloss_plugin *const *plugins,
                             uint32_t count) {
    segloss_loss_options options = SEGLOSS_LOSS_OPTIONS_INIT;
    segloss_loss *loss = NULL;
    options.plugins = (const segloss_plugin *const *)plugins, options.plugin_count = count;
    CHECK(segloss_loss_new(text, link, &options, &loss) == 0);
    return loss;
}

static double evaluate(const segloss_loss *loss, DLTensor z, DLTensor dz) {
    int64_t map[] = {BATCH, 1, PIXELS};
    const int is_softmax = segloss_loss_link(loss) == SEGLOSS_LINK_SOFTMAX;
    DLTensor y = segloss_tensor(is_softmax ? labels : mask, SEGLOSS_UINT8, is_softmax ? map : shape, 3);
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    segloss_call call = SEGLOSS_CALL_INIT;
    double value = -1;
    call.ignore = SEGLOSS_IGNORE_INDEX, call.ignore_index = 255;
    outputs.value = &value, outputs.gradient = &dz;
    CHECK(segloss_evaluate(loss, &z, &y, &call, &outputs, NULL) == 0);
    return value;
}

/* `offset` is what the built-in one's mean adds to the number of pixels, by that number. */
static void agree(const char *own, const char *builtin, int32_t link, int with_f32, double offset) {
    segloss_plugin *plugins[3] = {pixel(with_f32), region(), of_class(with_f32)};
    segloss_loss *one = loss_of(own, link, plugins, 3), *other = loss_of(builtin, link, NULL, 0);
    DLTensor z = segloss_tensor(z64, SEGLOSS_FLOAT64, shape, 3);
    double value, expected;
    char text[100];
    size_t i;
    const int before = released;
    for (i = 0; i < COUNT(plugins); i++) segloss_plugin_free(plugins[i]);
    value = evaluate(one, z, segloss_tensor(g64, SEGLOSS_FLOAT64, shape, 3));
    expected = evaluate(other, z, segloss_tensor(other64, SEGLOSS_FLOAT64, shape, 3));
    CHECK(fabs(value - expected) <= (1e-13 + offset) * expected);
    for (i = 0; i < COUNT(z64); i++) CHECK(fabs(g64[i] - other64[i]) < 1e-15 + offset * 1e-2);
    z = segloss_tensor(z32, SEGLOSS_FLOAT32, shape, 3);
    value = evaluate(one, z, segloss_tensor(g32, SEGLOSS_FLOAT32, shape, 3));
    expected = evaluate(other, z, segloss_tensor(other32, SEGLOSS_FLOAT32, shape, 3));
    CHECK(fabs(value - expected) <= 1e-6 * expected);
    for (i = 0; i < COUNT(z32); i++) CHECK(fabs(g32[i] - other32[i]) < 1e-9);
    segloss_loss_text(one, text, sizeof text);
    CHECK(strcmp(text, own) == 0);
    /* The loss has kept a share of its plugins until now. */
    CHECK(released == before);
    segloss_loss_free(one), segloss_loss_free(other);
    CHECK(released == before + 2);
}

static void nested_calls_are_served(void) {
    segloss_pixel_term term = SEGLOSS_PIXEL_TERM_INIT;
    segloss_loss *inner = loss_of("bce", SEGLOSS_LINK_SIGMOID, NULL, 0), *outer;
    segloss_plugin *plugin = NULL;
    DLTensor z = segloss_tensor(z64, SEGLOSS_FLOAT64, shape, 3);
    DLTensor y = segloss_tensor(mask, SEGLOSS_UINT8, shape, 3);
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    segloss_call call = SEGLOSS_CALL_INIT;
    double value = 0;
    call.ignore = SEGLOSS_IGNORE_INDEX, call.ignore_index = 255;
    term.name = "nested", term.tile_f64 = nested, term.context = inner;
    CHECK(segloss_plugin_pixel(&term, &plugin) == 0);
    outer = loss_of("nested", SEGLOSS_LINK_SIGMOID, &plugin, 1);
    CHECK(segloss_workspace_new(&busy) == 0);
    outputs.value = &value;
    CHECK(segloss_evaluate(outer, &z, &y, &call, &outputs, busy) == 0);
    CHECK(refusals > 0 && nested_result == 0 && fabs(value - log1p(exp(-1))) < 1e-6);
    CHECK(segloss_evaluate(outer, &z, &y, &call, &outputs, NULL) == 0);
    CHECK(nested_result == 0);
    segloss_workspace_free(busy);
    segloss_loss_free(outer), segloss_loss_free(inner), segloss_plugin_free(plugin);
}

static void mistakes_are_told(void) {
    segloss_parameter parameters[9];
    segloss_pixel_term term = SEGLOSS_PIXEL_TERM_INIT;
    segloss_region_term of_region = SEGLOSS_REGION_TERM_INIT;
    segloss_class_term class_term = SEGLOSS_CLASS_TERM_INIT;
    segloss_loss_options options = SEGLOSS_LOSS_OPTIONS_INIT;
    const segloss_plugin *none[] = {NULL}, *twice[2];
    segloss_plugin *plugin = NULL;
    segloss_loss *loss = NULL;
    const int before = released;
    size_t i;
    for (i = 0; i < 9; i++) {
        parameters[i].name = "a", parameters[i].default_value = 1;
        parameters[i].smallest = 0, parameters[i].largest = 2;
    }
    term.context = &released, term.release = release;
    REFUSES(segloss_plugin_pixel(NULL, &plugin), NULL_POINTER, "`term` is NULL");
    REFUSES(segloss_plugin_pixel(&term, &plugin), NULL_POINTER, "`term.name` is NULL");
    term.name = "mine";
    REFUSES(segloss_plugin_pixel(&term, &plugin), NULL_POINTER, "`term.tile_f64` is NULL");
    term.tile_f64 = bce64;
    REFUSES(segloss_plugin_pixel(&term, NULL), NULL_POINTER, "`plugin` is NULL");
    term.name = "dice";
    REFUSES(segloss_plugin_pixel(&term, &plugin), BAD_PLUGIN, "the name is taken");
    term.name = "a-b";
    REFUSES(segloss_plugin_pixel(&term, &plugin), BAD_PLUGIN, "`a-b` cannot be registered");
    term.name = "\xff";
    REFUSES(segloss_plugin_pixel(&term, &plugin), BAD_TEXT, "not UTF-8");
    term.name = "mine", term.parameter_count = 1;
    REFUSES(segloss_plugin_pixel(&term, &plugin), NULL_POINTER, "`term.parameters` is NULL");
    term.parameters = parameters, term.parameter_count = 2;
    REFUSES(segloss_plugin_pixel(&term, &plugin), BAD_PLUGIN, "two parameters have the same name");
    term.parameter_count = 9;
    REFUSES(segloss_plugin_pixel(&term, &plugin), BAD_PLUGIN, "more than 8");
    term.parameter_count = 1, parameters[0].default_value = 3;
    REFUSES(segloss_plugin_pixel(&term, &plugin), BAD_VALUE, "`a` of `mine` is 3");
    parameters[0].default_value = 1, parameters[0].name = NULL;
    REFUSES(segloss_plugin_pixel(&term, &plugin), NULL_POINTER, "`term.parameters[..].name`");
    parameters[0].name = "a", term.api_version = 2;
    REFUSES(segloss_plugin_pixel(&term, &plugin), UNSUPPORTED_VERSION, "`term.api_version` is 2");
    term.api_version = SEGLOSS_PLUGIN_API_VERSION, term.struct_size = 8;
    REFUSES(segloss_plugin_pixel(&term, &plugin), UNSUPPORTED_VERSION, "`term.struct_size` is 8");
    REFUSES(segloss_plugin_region(NULL, &plugin), NULL_POINTER, "`term` is NULL");
    REFUSES(segloss_plugin_region(&of_region, &plugin), NULL_POINTER, "`term.name` is NULL");
    of_region.name = "mine";
    REFUSES(segloss_plugin_region(&of_region, &plugin), NULL_POINTER, "`term.loss` is NULL");
    of_region.loss = tversky, of_region.reserved = 1;
    REFUSES(segloss_plugin_region(&of_region, &plugin), UNSUPPORTED_OPTION, "`term.reserved` is 1");
    of_region.reserved = 0, of_region.api_version = 0;
    REFUSES(segloss_plugin_region(&of_region, &plugin), UNSUPPORTED_VERSION, "is 0");
    of_region.api_version = SEGLOSS_PLUGIN_API_VERSION;
    REFUSES(segloss_plugin_region(&of_region, NULL), NULL_POINTER, "`plugin` is NULL");
    REFUSES(segloss_plugin_class(NULL, &plugin), NULL_POINTER, "`term` is NULL");
    REFUSES(segloss_plugin_class(&class_term, &plugin), NULL_POINTER, "`term.name` is NULL");
    class_term.name = "mine";
    REFUSES(segloss_plugin_class(&class_term, &plugin), NULL_POINTER, "`term.tile_f64` is NULL");
    class_term.tile_f64 = focal64;
    REFUSES(segloss_plugin_class(&class_term, NULL), NULL_POINTER, "`plugin` is NULL");
    class_term.api_version = 0;
    REFUSES(segloss_plugin_class(&class_term, &plugin), UNSUPPORTED_VERSION, "is 0");
    class_term.api_version = SEGLOSS_PLUGIN_API_VERSION, class_term.struct_size = 8;
    REFUSES(segloss_plugin_class(&class_term, &plugin), UNSUPPORTED_VERSION, "`term.struct_size` is 8");
    CHECK(plugin == NULL && released == before);

    options.plugins = none, options.plugin_count = 1;
    REFUSES(segloss_loss_new("bce", 0, &options, &loss), NULL_POINTER, "`options.plugins[..]`");
    plugin = pixel(1);
    twice[0] = twice[1] = plugin;
    options.plugins = twice, options.plugin_count = 2;
    REFUSES(segloss_loss_new("bce", 0, &options, &loss), BAD_PLUGIN, "the name is taken");
    options.plugin_count = 1;
    REFUSES(segloss_loss_new("my_bce(by=11)", 0, &options, &loss), BAD_TEXT,
            "`by` is 11, expected 0 to 10");
    REFUSES(segloss_loss_new("my_bce(bi=1)", 0, &options, &loss), BAD_TEXT, "`by`");
    REFUSES(segloss_loss_new("my_bce", 1, &options, &loss), BAD_TEXT, "my_bce");
    CHECK(loss == NULL && released == before);
    segloss_plugin_free(plugin);
    segloss_plugin_free(NULL);
    CHECK(released == before + 1);
    plugin = of_class(1);
    options.plugins = (const segloss_plugin *const *)&plugin;
    REFUSES(segloss_loss_new("my_focal", 0, &options, &loss), BAD_TEXT, "my_focal");
    segloss_plugin_free(plugin);
    CHECK(loss == NULL && released == before + 2);
}

int main(void) {
    const int32_t sigmoid = SEGLOSS_LINK_SIGMOID, softmax = SEGLOSS_LINK_SOFTMAX;
    size_t i;
    for (i = 0; i < COUNT(z32); i++) {
        z64[i] = z32[i] = (float)(12 * noise() - 6);
        mask[i] = (uint8_t)(noise() < 0.1 ? 255 : noise() < 0.3);
    }
    for (i = 0; i < COUNT(labels); i++) labels[i] = (uint8_t)(noise() < 0.1 ? 255 : noise() < 0.3);
    agree("my_bce", "bce", sigmoid, 1, 0);
    agree("0.3*my_bce(by=2) + 0.5*dice", "0.6*bce + 0.5*dice", sigmoid, 0, 0);
    agree("my_bce @ decay + my_tversky", "bce @ decay + tversky(fp=0.3, fn=0.7)", sigmoid, 1, 0);
    agree("my_tversky(pool=sample, absent=skip)", "tversky(fp=0.3, fn=0.7, pool=sample, absent=skip)",
          sigmoid, 0, 0);
    agree("my_focal", "focal(alpha=[1, 1])", softmax, 1, 1e-9);
    agree("my_focal", "focal(alpha=[1, 1])", softmax, 0, 1e-9);
    agree("0.2*ce + my_focal(by=0.5) @ band + my_tversky",
          "0.2*ce + 0.5*focal(alpha=[1, 1]) @ band + tversky(fp=0.3, fn=0.7)", softmax, 1, 1e-9);
    nested_calls_are_served();
    mistakes_are_told();
    return finish();
}
