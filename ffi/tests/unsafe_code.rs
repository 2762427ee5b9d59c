//! Every kind of unsafe code of the library, called from Rust, so that Miri can run it
//! (`docs/design/ffi.md` says how): in small calls, because it takes some ten thousand times as long.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use segloss::*;

/// A tensor's memory, packed unless it has strides.
struct Owned<E> {
    data: Vec<E>,
    shape: Vec<i64>,
    strides: Vec<i64>,
    code: u8,
}

impl<E: Copy> Owned<E> {
    fn new(code: u8, shape: &[i64], value: E) -> Self {
        let count = shape.iter().product::<i64>() as usize;
        Owned { data: vec![value; count], shape: shape.into(), strides: Vec::new(), code }
    }

    fn tensor(&mut self) -> DLTensor {
        let strides =
            if self.strides.is_empty() { ptr::null_mut() } else { self.strides.as_mut_ptr() };
        DLTensor {
            data: self.data.as_mut_ptr().cast(),
            device: DLDevice { device_type: 1, device_id: 0 },
            ndim: self.shape.len() as i32,
            dtype: DLDataType { code: self.code, bits: 8 * size_of::<E>() as u8, lanes: 1 },
            shape: self.shape.as_mut_ptr(),
            strides,
            byte_offset: 0,
        }
    }
}

const INTEGER: u8 = 0;
const UNSIGNED: u8 = 1;
const FLOAT: u8 = 2;
const BFLOAT: u8 = 4;
const BOOL: u8 = 6;

fn zeroed<S>() -> S {
    // SAFETY: asked of C structs only, in which zeros are valid.
    unsafe { std::mem::zeroed() }
}

fn outputs() -> Outputs {
    Outputs { struct_size: size_of::<Outputs>() as u32, ..zeroed() }
}

fn call() -> Call {
    Call { struct_size: size_of::<Call>() as u32, ..zeroed() }
}

fn new_loss(text: &CStr, link: Link, options: *const LossOptions) -> *mut Loss {
    let mut loss = ptr::null_mut();
    // SAFETY: a text that ends with a 0, options as their type says, a place for a pointer.
    let result = unsafe { segloss_loss_new(text.as_ptr(), link as i32, options, &mut loss) };
    assert_eq!(result, ResultCode::Ok);
    loss
}

/// The value alone, with the thread's workspace.
fn value_of(loss: *const Loss, logits: &DLTensor, targets: &DLTensor) -> f64 {
    let mut value = f64::NAN;
    let outputs = Outputs { value: &mut value, ..outputs() };
    // SAFETY: tensors that have the memory that they tell of.
    let result =
        unsafe { segloss_evaluate(loss, logits, targets, ptr::null(), &outputs, ptr::null_mut()) };
    assert_eq!(result, ResultCode::Ok);
    value
}

#[test]
fn memory_is_read_as_what_its_dtype_says() {
    let shape = [1, 1, 1, 3];
    let loss = new_loss(c"bce + dice", Link::Sigmoid, ptr::null());
    let (mut bytes, mut truths) =
        (Owned::new(UNSIGNED, &shape, 1u8), Owned::new(BOOL, &shape, 7u8));
    let (mut words, mut longs) =
        (Owned::new(INTEGER, &shape, 1i32), Owned::new(INTEGER, &shape, 1i64));
    let (mut floats, mut doubles) =
        (Owned::new(FLOAT, &shape, 1f32), Owned::new(FLOAT, &shape, 1f64));
    let targets = [
        bytes.tensor(),
        truths.tensor(),
        words.tensor(),
        longs.tensor(),
        floats.tensor(),
        doubles.tensor(),
    ];
    let (mut single, mut double) =
        (Owned::new(FLOAT, &shape, 0.5f32), Owned::new(FLOAT, &shape, 0.5f64));
    let logits = single.tensor();
    let values = targets.map(|targets| value_of(loss, &logits, &targets));
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    let of_double = value_of(loss, &double.tensor(), &targets[0]);
    assert!((of_double - values[0]).abs() < 1e-6);
    #[cfg(feature = "half")]
    {
        let mut half = Owned::new(FLOAT, &shape, 0x3800u16);
        let mut brain = Owned::new(BFLOAT, &shape, 0x3f00u16);
        assert_eq!(value_of(loss, &half.tensor(), &targets[0]), values[0]);
        assert_eq!(value_of(loss, &brain.tensor(), &targets[3]), values[0]);
    }
    // SAFETY: made above, and used no more.
    unsafe { segloss_loss_free(loss) };
}

#[test]
fn outputs_are_written_where_they_are_and_nowhere_else() {
    let shape = [2, 1, 1, 3];
    let loss = new_loss(c"bce(normalise=weights)", Link::Sigmoid, ptr::null());
    let (mut logits, mut targets) =
        (Owned::new(FLOAT, &shape, 0f32), Owned::new(UNSIGNED, &shape, 1u8));
    let (mut mask, mut weights) = (Owned::new(BOOL, &shape, 1u8), Owned::new(FLOAT, &shape, 2f64));
    mask.data[5] = 0;
    let (mut gradient, mut map) =
        (Owned::new(FLOAT, &shape, 1f32), Owned::new(FLOAT, &shape, 9f32));
    // Every other element.
    gradient.data = vec![1.0; 11];
    gradient.strides = vec![6, 6, 6, 2];
    let (z, y, dz, losses) = (logits.tensor(), targets.tensor(), gradient.tensor(), map.tensor());
    let (mask, weights) = (mask.tensor(), weights.tensor());
    let (scales, mut samples) = ([1.0, 2.0], [0.0; 2]);
    let (mut value, mut valid) = (0.0, 0);
    let call = Call {
        mask: &mask,
        weights: &weights,
        sample_scales: scales.as_ptr(),
        sample_scale_count: 2,
        write: WriteMode::Accumulate as i32,
        ..call()
    };
    let outputs = Outputs {
        value: &mut value,
        valid: &mut valid,
        gradient: &dz,
        sample_values: samples.as_mut_ptr(),
        sample_value_count: 2,
        loss_map: &losses,
        ..outputs()
    };
    let mut workspace = ptr::null_mut();
    // SAFETY: all of it is as the types say.
    unsafe {
        assert_eq!(segloss_workspace_new(&mut workspace), ResultCode::Ok);
        let result = segloss_evaluate(loss, &z, &y, &call, &outputs, workspace);
        assert_eq!(result, ResultCode::Ok);
        segloss_workspace_free(workspace);
        segloss_loss_free(loss);
    }
    let ln2 = std::f64::consts::LN_2;
    assert!((value - ln2).abs() < 1e-6 && valid == 5);
    assert!(samples.iter().all(|sample| (sample - ln2).abs() < 1e-6), "{samples:?}");
    assert!(map.data[..5].iter().all(|&own| own > 1.38) && map.data[5] == 0.0, "{:?}", map.data);
    assert!(gradient.data.iter().skip(1).step_by(2).all(|&gap| gap == 1.0));
    assert!(
        gradient.data[0] < 1.0 && gradient.data[6] < gradient.data[0] && gradient.data[10] == 1.0
    );
}

#[test]
fn stages_and_given_maps() {
    let (shape, map_shape) = ([1, 2, 1, 4], [1, 1, 1, 4]);
    let names = [c"mine".as_ptr()];
    let options = LossOptions {
        struct_size: size_of::<LossOptions>() as u32,
        map_names: names.as_ptr(),
        map_name_count: 1,
        ..zeroed()
    };
    let loss = new_loss(c"ce(weights=[1, 3]) @ mine + dice", Link::Softmax, &options);
    let (mut logits, mut labels) =
        (Owned::new(FLOAT, &shape, 0.25f64), Owned::new(UNSIGNED, &map_shape, 1u8));
    let (mut weights, mut gradient) =
        (Owned::new(FLOAT, &map_shape, 2f32), Owned::new(FLOAT, &shape, 0f64));
    let (z, y, weights, dz) =
        (logits.tensor(), labels.tensor(), weights.tensor(), gradient.tensor());
    let maps = [NamedMap { name: names[0], weights: &weights }];
    let call = Call { maps: maps.as_ptr(), map_count: 1, ..call() };
    let (mut value, mut again, mut lengths) = (0.0, 0.0, [0; 2]);
    let [length, total_length] = &mut lengths;
    // SAFETY: all of it is as the types say, arrays as long as asked for.
    unsafe {
        let own = Outputs { value: &mut value, ..outputs() };
        let result = segloss_evaluate(loss, &z, &y, &call, &own, ptr::null_mut());
        assert_eq!(result, ResultCode::Ok);
        let result = segloss_stage_lengths(loss, &z, &y, &call, length, total_length);
        assert_eq!(result, ResultCode::Ok);
        let (mut sums, mut merged) = (vec![0.0; lengths[0]], vec![0.0; lengths[0]]);
        let (before, first) = (ptr::null(), sums.as_mut_ptr());
        let result =
            segloss_reduce(loss, &z, &y, &call, before, first, lengths[0], ptr::null_mut());
        assert_eq!(result, ResultCode::Ok);
        let zeros = vec![0.0; lengths[0]];
        let result = segloss_merge(sums.as_ptr(), zeros.as_ptr(), merged.as_mut_ptr(), lengths[0]);
        assert_eq!(result, ResultCode::Ok);
        let mut totals = vec![0.0; lengths[1]];
        let (sums, place) = (merged.as_ptr(), totals.as_mut_ptr());
        let result = segloss_close(loss, &z, &y, &call, sums, lengths[0], place, lengths[1]);
        assert_eq!(result, ResultCode::Ok);
        let own = Outputs { value: &mut again, gradient: &dz, ..outputs() };
        let (totals, count) = (totals.as_ptr(), lengths[1]);
        let storage = ptr::null_mut();
        let result =
            segloss_finish(loss, &z, &y, &call, sums, lengths[0], totals, count, &own, storage);
        assert_eq!(result, ResultCode::Ok);
        segloss_loss_free(loss);
    }
    assert!(value == again && value > 0.0);
    assert!(gradient.data.iter().all(|slope| *slope != 0.0));
}

#[test]
fn maps_and_masks() {
    let shape = [1, 1, 3, 3];
    let (mut mask, mut out) = (Owned::new(UNSIGNED, &shape, 0u8), Owned::new(FLOAT, &shape, 0f32));
    let mut bits = Owned::new(UNSIGNED, &shape, 0u8);
    mask.data[4] = 1;
    let (y, weights, small) = (mask.tensor(), out.tensor(), bits.tensor());
    let none = ptr::null_mut();
    // SAFETY: all of it is as the types say.
    unsafe {
        let result = segloss_map_weights(c"band".as_ptr(), 0, &y, ptr::null(), &weights, none);
        assert_eq!(result, ResultCode::Ok);
        let result = segloss_distance(2, 0, &y, ptr::null(), &weights, none);
        assert_eq!(result, ResultCode::Ok);
        assert_eq!(segloss_dilate(&y, Element::Cross as i32, 1, &small, none), ResultCode::Ok);
    }
    assert_eq!(bits.data, [0, 1, 0, 1, 1, 1, 0, 1, 0]);
    assert_eq!(out.data[4], 1.0);
    let (own, small) = (bits.tensor(), mask.tensor());
    // SAFETY: as above.
    let result = unsafe { segloss_erode(&own, Element::Cross as i32, 0, 1, &small, none) };
    assert_eq!(result, ResultCode::Ok);
    assert_eq!(mask.data, [0, 0, 0, 0, 1, 0, 0, 0, 0]);

    let (mut counts, mut weights) = ([0u64; 2], [0f64; 2]);
    let y = mask.tensor();
    let targets = [&raw const y];
    let masks = Masks {
        struct_size: size_of::<Masks>() as u32,
        link: Link::Softmax as i32,
        targets: targets.as_ptr(),
        target_count: 1,
        classes: 2,
        ..zeroed()
    };
    let mut statistics: Statistics = zeroed();
    let (mut text, mut reason) = ([0 as c_char; 4], [0 as c_char; 400]);
    // SAFETY: as above; buffers as long as told.
    unsafe {
        let result = segloss_class_counts(&y, ptr::null(), ptr::null(), counts.as_mut_ptr(), 2);
        assert_eq!(result, ResultCode::Ok);
        assert_eq!(counts, [8, 1]);
        let result = segloss_class_weights(counts.as_ptr(), 2, 0, weights.as_mut_ptr());
        assert_eq!(result, ResultCode::Ok);
        let result = segloss_statistics_of(&masks, &mut statistics, counts.as_mut_ptr(), 2, none);
        assert_eq!(result, ResultCode::Ok);
        assert_eq!((statistics.images, statistics.pixels), (1, 9));
        let (short, long) = (text.as_mut_ptr(), reason.as_mut_ptr());
        let priority = c"balanced".as_ptr();
        let result = segloss_recommend(&masks, priority, short, 4, long, 400, none);
        assert_eq!(result, ResultCode::Ok);
        // Cut, and ended by a 0.
        assert_eq!(CStr::from_ptr(short).count_bytes(), 3);
        assert!(CStr::from_ptr(long).count_bytes() > 10);
    }
}

#[test]
fn losses_are_put_together_and_read() {
    let numbers = [1.0, 2.0];
    let argument = Argument {
        name: c"weights".as_ptr(),
        word: ptr::null(),
        list: numbers.as_ptr(),
        list_length: 2,
        number: 0.0,
    };
    let named = |name: &CStr, arguments: &[Argument]| Named {
        name: name.as_ptr(),
        arguments: arguments.as_ptr(),
        argument_count: arguments.len(),
    };
    let (arguments, maps) = ([argument], [named(c"band", &[])]);
    let term = TermParts {
        coefficient: 0.5,
        term: named(c"ce", &arguments),
        maps: maps.as_ptr(),
        map_count: 1,
    };
    let (mut loss, mut buffer, mut weights) = (ptr::null_mut(), [0 as c_char; 99], [0f64; 3]);
    let (mut coefficient, mut smooth) = (0.0, 0.0);
    // SAFETY: all of it is as the types say, arrays as long as told.
    unsafe {
        let result = segloss_loss_compose(&term, 1, 1, ptr::null(), &mut loss);
        assert_eq!(result, ResultCode::Ok);
        let length = segloss_loss_text(loss, buffer.as_mut_ptr(), buffer.len());
        let text = CStr::from_ptr(buffer.as_ptr()).to_str().unwrap();
        assert_eq!((text, text.len()), ("0.5*ce(weights=[1, 2]) @ band", length));
        assert_eq!(segloss_loss_class_weights(loss, 0, weights.as_mut_ptr(), 3), 2);
        assert_eq!(weights, [1.0, 2.0, 0.0]);
        assert_eq!(segloss_loss_term_coefficient(loss, 0, &mut coefficient), ResultCode::Ok);
        assert_eq!((segloss_loss_link(loss), segloss_loss_term_count(loss)), (1, 1));
        assert_eq!(segloss_loss_term_name(loss, 0, buffer.as_mut_ptr(), 2), 2);
        assert_eq!(segloss_loss_parameter_count(loss, 0), 1);
        segloss_loss_free(loss);
    }
    let loss = new_loss(c"dice", Link::Sigmoid, ptr::null());
    // SAFETY: as above.
    unsafe {
        let name = buffer.as_mut_ptr();
        assert_eq!(segloss_loss_parameter_name(loss, 0, 0, name, buffer.len()), 6);
        let result = segloss_loss_parameter_value(loss, 0, name, &mut smooth);
        assert_eq!((result, smooth, coefficient), (ResultCode::Ok, 1e-6, 0.5));
        let result = segloss_loss_parameter_value(loss, 0, c"none".as_ptr(), &mut smooth);
        assert_eq!(result, ResultCode::NotFound);
        assert!(segloss_last_message(name, buffer.len()) > 0);
        assert_eq!(CStr::from_ptr(segloss_result_name(0)).to_str(), Ok("SEGLOSS_RESULT_OK"));
        assert!(!CStr::from_ptr(segloss_version()).is_empty());
        segloss_loss_free(loss);
        segloss_loss_free(ptr::null_mut());
    }
}

static RELEASED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn release(context: *mut c_void) {
    // SAFETY: what the plugins are made with.
    RELEASED.fetch_add(unsafe { context.cast::<usize>().read() }, Ordering::Relaxed);
}

/// One for each, and no slope.
unsafe extern "C" fn pixel(
    _: *mut c_void,
    parameters: *const f64,
    tile: *const PixelTileF64,
    value: *mut f64,
    slope: *mut f64,
) {
    // SAFETY: what the library says of a tile.
    unsafe {
        for at in 0..(*tile).count as usize {
            value.add(at).write(*parameters + 0.0 * *(*tile).z.add(at));
            slope.add(at).write(0.0);
        }
    }
}

unsafe extern "C" fn class(
    _: *mut c_void,
    _: *const f64,
    tile: *const ClassTileF32,
    value: *mut f32,
    slope: *mut f32,
) {
    // SAFETY: as above.
    unsafe {
        for at in 0..(*tile).count as usize {
            value.add(at).write(1.0 - *(*tile).p.add(at));
            slope.add(at).write(-*(*tile).p.add(at));
        }
    }
}

unsafe extern "C" fn class_double(
    _: *mut c_void,
    _: *const f64,
    tile: *const ClassTileF64,
    value: *mut f64,
    slope: *mut f64,
) {
    // SAFETY: as above.
    unsafe {
        for at in 0..(*tile).count as usize {
            value.add(at).write(*(*tile).q.add(at));
            slope.add(at).write(-*(*tile).p.add(at));
        }
    }
}

/// The false positives of the first class.
unsafe extern "C" fn region(
    _: *mut c_void,
    _: *const f64,
    sums: *const RegionSums,
    value: *mut f64,
    slope: *mut f64,
) {
    // SAFETY: what the library says of sums.
    unsafe {
        let sums = &*sums;
        value.write(*sums.sums.add(1));
        let is_own = sums.seed == RegionSeed::FalsePositive as i32 && sums.seed_class == 0;
        slope.write(if is_own { 1.0 } else { 0.0 });
    }
}

#[test]
fn plugins_outlive_their_handles() {
    let mut one = 1usize;
    let parameter = PluginParameter {
        name: c"by".as_ptr(),
        default_value: 1.0,
        smallest: 0.0,
        largest: f64::INFINITY,
    };
    let context = (&raw mut one).cast::<c_void>();
    let of_pixels = PixelTerm {
        struct_size: size_of::<PixelTerm>() as u32,
        api_version: SEGLOSS_PLUGIN_API_VERSION,
        name: c"constant".as_ptr(),
        parameters: &parameter,
        parameter_count: 1,
        context,
        tile_f64: Some(pixel),
        tile_f32: None,
        release: Some(release),
    };
    let of_classes = ClassTerm {
        struct_size: size_of::<ClassTerm>() as u32,
        api_version: SEGLOSS_PLUGIN_API_VERSION,
        name: c"absolute".as_ptr(),
        parameters: ptr::null(),
        parameter_count: 0,
        context,
        tile_f64: Some(class_double),
        tile_f32: Some(class),
        release: Some(release),
    };
    let of_regions = RegionTerm {
        struct_size: size_of::<RegionTerm>() as u32,
        api_version: SEGLOSS_PLUGIN_API_VERSION,
        name: c"false_positives".as_ptr(),
        parameters: ptr::null(),
        parameter_count: 0,
        context,
        loss: Some(region),
        release: Some(release),
        pools_samples: 0,
        reserved: 0,
    };
    let mut plugins = [ptr::null_mut::<Plugin>(); 3];
    let [a, b, c] = &mut plugins;
    // SAFETY: tables as their types say, functions as their fields say.
    unsafe {
        assert_eq!(segloss_plugin_pixel(&of_pixels, a), ResultCode::Ok);
        assert_eq!(segloss_plugin_class(&of_classes, b), ResultCode::Ok);
        assert_eq!(segloss_plugin_region(&of_regions, c), ResultCode::Ok);
    }
    let all = plugins.map(|plugin| plugin.cast_const());
    let options = LossOptions {
        struct_size: size_of::<LossOptions>() as u32,
        plugin_count: 3,
        plugins: all.as_ptr(),
        ..zeroed()
    };
    let binary = new_loss(c"0.5*constant(by=3) + false_positives", Link::Sigmoid, &options);
    let multiclass = new_loss(c"absolute", Link::Softmax, &options);
    for plugin in plugins {
        // SAFETY: made above, and the losses have shares.
        unsafe { segloss_plugin_free(plugin) };
    }
    assert_eq!(RELEASED.load(Ordering::Relaxed), 0);
    let (mut logits, mut mask) =
        (Owned::new(FLOAT, &[1, 1, 1, 2], 0f32), Owned::new(UNSIGNED, &[1, 1, 1, 2], 0u8));
    assert_eq!(value_of(binary, &logits.tensor(), &mask.tensor()), 2.5);
    let mut logits = Owned::new(FLOAT, &[1, 2, 1, 2], 0f32);
    assert_eq!(value_of(multiclass, &logits.tensor(), &mask.tensor()), 0.5);
    // SAFETY: made above, and used no more.
    unsafe { segloss_loss_free(binary) };
    assert_eq!(RELEASED.load(Ordering::Relaxed), 0);
    // SAFETY: as above.
    unsafe { segloss_loss_free(multiclass) };
    assert_eq!(RELEASED.load(Ordering::Relaxed), 3);
}

#[test]
fn what_is_not_there_is_refused() {
    let shape = [1, 1, 1, 3];
    let loss = new_loss(c"bce", Link::Sigmoid, ptr::null());
    let (mut logits, mut targets) =
        (Owned::new(FLOAT, &shape, 0f32), Owned::new(UNSIGNED, &shape, 0u8));
    let (z, y) = (logits.tensor(), targets.tensor());
    let mut value = -1.0;
    let outputs = Outputs { value: &mut value, ..outputs() };
    let evaluate = |loss, z: *const DLTensor, y: *const DLTensor, outputs| {
        // SAFETY: NULL, or as the types say.
        unsafe { segloss_evaluate(loss, z, y, ptr::null(), outputs, ptr::null_mut()) }
    };
    let refused = ResultCode::NullPointer;
    assert_eq!(evaluate(ptr::null(), &z, &y, &outputs), refused);
    assert_eq!(evaluate(loss, ptr::null(), &y, &outputs), refused);
    assert_eq!(evaluate(loss, &z, ptr::null(), &outputs), refused);
    assert_eq!(evaluate(loss, &z, &y, ptr::null()), refused);
    let away = DLTensor { data: ptr::null_mut(), ..z };
    assert_eq!(evaluate(loss, &away, &y, &outputs), refused);
    let odd = DLTensor { byte_offset: 1, shape: z.shape, ..z };
    assert_eq!(evaluate(loss, &odd, &y, &outputs), ResultCode::Misaligned);
    // An older caller's struct is shorter than any that was released; a later one's rest is looked at.
    let short = Outputs { struct_size: 8, ..outputs };
    assert_eq!(evaluate(loss, &z, &y, &short), ResultCode::UnsupportedVersion);
    #[repr(C)]
    struct Later {
        own: Outputs,
        more: u64,
    }
    let size = size_of::<Later>() as u32;
    let later = Later { own: Outputs { struct_size: size, ..outputs }, more: 1 };
    let place = (&raw const later).cast();
    assert_eq!(evaluate(loss, &z, &y, place), ResultCode::UnsupportedVersion);
    assert_eq!(value, -1.0);
    let later = Later { more: 0, ..later };
    assert_eq!(evaluate(loss, &z, &y, (&raw const later).cast()), ResultCode::Ok);
    assert!(value > 0.6);
    // SAFETY: made above, and used no more.
    unsafe { segloss_loss_free(loss) };
}
