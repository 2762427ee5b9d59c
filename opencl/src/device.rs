use std::sync::{Mutex, PoisonError};

use ocl_core::{
    ContextProperties, DeviceId, DeviceInfo, DeviceType, PlatformId, PlatformInfo, Status,
};

use segloss_core::summation::ACCUMULATORS;

use crate::error::{Error, While};
use crate::trace::Format;
use crate::tuning::Tuning;

/// `CL_DEVICE_SINGLE_FP_CONFIG` and `CL_DEVICE_DOUBLE_FP_CONFIG`.
const SINGLE_CONFIG: u32 = 0x101B;
const DOUBLE_CONFIG: u32 = 0x1032;
const DEVICE_TYPE: u32 = 0x1000;
const CPU: u64 = 1 << 1;
/// `CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT` and `_DOUBLE`.
const NATIVE_WIDTH_SINGLE: u32 = 0x1039;
const NATIVE_WIDTH_DOUBLE: u32 = 0x103B;
const DENORMALS: u64 = 1;
const ROUND_TO_NEAREST: u64 = 1 << 2;
const CORRECT_DIVIDE_SQRT: u64 = 1 << 7;

/// A device, and what of its arithmetic matters here.
#[derive(Clone, Debug)]
pub struct Device {
    pub(crate) platform_id: PlatformId,
    pub(crate) id: DeviceId,
    platform: String,
    name: String,
    driver: String,
    single: u64,
    double: Option<u64>,
    work_group: usize,
    tuning: Tuning,
    is_cpu: bool,
    units: usize,
}

impl Device {
    /// The first device with `device` in its name on a platform with `platform` in its name.
    ///
    /// # Errors
    /// [`Error::NoPlatform`], [`Error::NoDevice`], or what a query reported.
    pub fn find(platform: &str, device: &str) -> Result<Self, Error> {
        Ok(Device::all(platform, device)?.swap_remove(0))
    }

    /// All devices with `device` in their name on platforms with `platform` in theirs: at least one.
    ///
    /// # Errors
    /// [`Error::NoPlatform`], [`Error::NoDevice`], or what a query reported.
    pub fn all(platform: &str, device: &str) -> Result<Vec<Self>, Error> {
        // Held while drivers initialise: PoCL lists no device to a thread that asks meanwhile.
        static ASKING: Mutex<()> = Mutex::new(());
        let _asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut fitting, mut found) = (Vec::new(), Vec::new());
        for platform_id in platforms()? {
            let name = ocl_core::get_platform_info(platform_id, PlatformInfo::Name)
                .or_fail("ask for a platform's name")?
                .to_string();
            for id in devices_of(platform_id)? {
                let candidate = Device::describe(platform_id, id, name.clone())?;
                found.push(format!("{name}: {}", candidate.name));
                if name.contains(platform) && candidate.name.contains(device) {
                    fitting.push(candidate);
                }
            }
        }
        if fitting.is_empty() {
            return Err(Error::NoDevice {
                platform: platform.into(),
                device: device.into(),
                found,
            });
        }
        Ok(fitting)
    }

    pub(crate) fn describe(
        platform_id: PlatformId,
        id: DeviceId,
        platform: String,
    ) -> Result<Self, Error> {
        let text = |info, action| -> Result<String, Error> {
            Ok(ocl_core::get_device_info(id, info).or_fail(action)?.to_string())
        };
        let extensions = text(DeviceInfo::Extensions, "ask for a device's extensions")?;
        let has_double = extensions.split_whitespace().any(|name| name == "cl_khr_fp64");
        let bytes = |info, action| -> Result<u64, Error> {
            let raw = ocl_core::get_device_info_raw(id, info).or_fail(action)?;
            Ok(raw.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
        };
        let config = "ask for a device's floating-point configuration";
        let work_group =
            bytes(DeviceInfo::MaxWorkGroupSize as u32, "ask for a device's largest work group")?
                as usize;
        let is_cpu = bytes(DEVICE_TYPE, "ask for a device's type")? & CPU != 0;
        let width = |request| -> Result<usize, Error> {
            let native = bytes(request, "ask for a device's vectors")? as usize;
            Ok(if matches!(native, 1 | 2 | 4 | 8 | 16) { native } else { 4 })
        };
        let tuning = if is_cpu || work_group < ACCUMULATORS {
            let (single, double) = (width(NATIVE_WIDTH_SINGLE)?, width(NATIVE_WIDTH_DOUBLE)?);
            Tuning::Vectors { single, double }
        } else {
            Tuning::Groups { blocks: if work_group < 2 * ACCUMULATORS { 1 } else { 2 } }
        };
        Ok(Device {
            platform_id,
            id,
            platform,
            name: text(DeviceInfo::Name, "ask for a device's name")?,
            driver: text(DeviceInfo::DriverVersion, "ask for a driver's version")?,
            single: bytes(SINGLE_CONFIG, config)?,
            double: if has_double { Some(bytes(DOUBLE_CONFIG, config)?) } else { None },
            work_group,
            tuning,
            units: bytes(
                DeviceInfo::MaxComputeUnits as u32,
                "ask how many compute units a device has",
            )? as usize,
            is_cpu,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of its driver.
    pub fn driver(&self) -> &str {
        &self.driver
    }

    /// The name of its platform.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// Whether it computes in `f64`.
    pub fn has_double(&self) -> bool {
        self.double.is_some()
    }

    /// Whether its arithmetic in format `T` is that of the CPU, so that results have the same bits:
    /// rounding to nearest, denormals kept, division and square root correctly rounded.
    pub fn is_exact<T: Format>(&self) -> bool {
        let (config, asked) = if T::DOUBLE {
            // Division in f64 is correctly rounded wherever there is f64.
            (self.double.unwrap_or(0), DENORMALS | ROUND_TO_NEAREST)
        } else {
            (self.single, DENORMALS | ROUND_TO_NEAREST | CORRECT_DIVIDE_SQRT)
        };
        config & asked == asked
    }

    /// The options that its programs are built with.
    pub fn build_options(&self) -> &'static str {
        if self.single & CORRECT_DIVIDE_SQRT == 0 {
            "-cl-std=CL1.2"
        } else {
            "-cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt"
        }
    }

    /// Work items that a group can have.
    pub fn work_group(&self) -> usize {
        self.work_group
    }

    /// How work is cut for it unless told otherwise.
    pub fn tuning(&self) -> Tuning {
        self.tuning
    }

    /// Compute units, at least 1.
    pub(crate) fn units(&self) -> usize {
        self.units.max(1)
    }

    /// Whether it is a CPU, with caches and few threads.
    pub(crate) fn is_cpu(&self) -> bool {
        self.is_cpu
    }

    /// With the platform named: without it some loaders pick another one's driver.
    pub(crate) fn context(&self) -> Result<ocl_core::Context, Error> {
        let properties = ContextProperties::new().platform(self.platform_id);
        ocl_core::create_context(Some(&properties), &[self.id], None, None)
            .or_fail("create a context")
    }
}

/// All devices of a platform, which reports having none as an error.
fn devices_of(platform: PlatformId) -> Result<Vec<DeviceId>, Error> {
    match ocl_core::get_device_ids(platform, Some(DeviceType::ALL), None) {
        Err(error) if error.api_status() == Some(Status::CL_DEVICE_NOT_FOUND) => Ok(Vec::new()),
        devices => devices.or_fail("list a platform's devices"),
    }
}

/// All platforms. The loader is asked how many there are first, because `get_platform_ids` sleeps
/// for seconds if there is none.
fn platforms() -> Result<Vec<PlatformId>, Error> {
    let mut count = 0;
    // SAFETY: no identifiers are asked for, and `count` lives through the call.
    let status = unsafe { ocl_core::ffi::clGetPlatformIDs(0, core::ptr::null_mut(), &mut count) };
    if status != Status::CL_SUCCESS as i32 || count == 0 {
        return Err(Error::NoPlatform { status });
    }
    ocl_core::get_platform_ids().or_fail("list platforms")
}
