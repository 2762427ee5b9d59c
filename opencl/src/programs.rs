use core::ptr;
use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{Mutex, PoisonError};

use ocl_core::{Context, Program, ProgramBuildInfo, ProgramInfo, ProgramInfoResult, ffi};

use crate::cache::Cache;
use crate::device::Device;
use crate::error::{Error, While, outcome};

/// The programs built for a context, by their source: each is built when it is first asked for, or taken
/// from the [cache](crate::cache) on disk.
#[derive(Debug)]
pub(crate) struct Programs {
    device: Device,
    context: Context,
    cache: Cache,
    built: Mutex<HashMap<String, Program>>,
}

impl Programs {
    pub(crate) fn new(device: Device, context: Context) -> Self {
        Programs { device, context, cache: Cache::from_environment(), built: Mutex::default() }
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// The built program of `source`.
    pub(crate) fn get(&self, source: &str) -> Result<Program, Error> {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = built.get(source) {
            return Ok(program.clone());
        }
        let options = self.device.build_options();
        let key =
            [source, options, self.device.platform(), self.device.name(), self.device.driver()];
        let stored = self.cache.load(&key).and_then(|binary| self.built_from_binary(&binary).ok());
        let program = match stored {
            Some(program) => program,
            None => {
                let program = self.built_from_source(source)?;
                if let Some(binary) = binary_of(&program) {
                    // A folder that cannot be written only costs the next process its time.
                    let _ = self.cache.store(&key, &binary);
                }
                program
            }
        };
        built.insert(source.into(), program.clone());
        Ok(program)
    }

    fn built_from_source(&self, source: &str) -> Result<Program, Error> {
        let program = ocl_core::create_program_with_source(&self.context, &[c_string(source)?])
            .or_fail("create a program")?;
        self.build(&program)?;
        Ok(program)
    }

    fn built_from_binary(&self, binary: &[u8]) -> Result<Program, Error> {
        let devices = [self.device.id];
        let program = ocl_core::create_program_with_binary(&self.context, &devices, &[binary])
            .or_fail("create a program from a binary")?;
        self.build(&program)?;
        Ok(program)
    }

    /// Without `ocl-core`, to which a failure without a log is none.
    fn build(&self, program: &Program) -> Result<(), Error> {
        const BUILD_PROGRAM_FAILURE: i32 = -11;
        let options = c_string(self.device.build_options())?;
        let device = self.device.id.as_raw();
        // SAFETY: a program, one device, and a text that live through the call, which nobody is told the
        // end of.
        let status = unsafe {
            ffi::clBuildProgram(
                program.as_ptr(),
                1,
                &device,
                options.as_ptr(),
                None,
                ptr::null_mut(),
            )
        };
        if status == BUILD_PROGRAM_FAILURE {
            let log = ocl_core::get_program_build_info(
                program,
                self.device.id,
                ProgramBuildInfo::BuildLog,
            );
            let log = log.map_or_else(|error| format!("no log: {error}"), |log| log.to_string());
            return Err(Error::Build { log });
        }
        outcome(status, "build a program")
    }
}

/// What the driver made of a program, if that is for one device.
fn binary_of(program: &Program) -> Option<Vec<u8>> {
    let Ok(ProgramInfoResult::Binaries(binaries)) =
        ocl_core::get_program_info(program, ProgramInfo::Binaries)
    else {
        return None;
    };
    let mut filled = binaries.into_iter().filter(|binary| !binary.is_empty());
    let binary = filled.next()?;
    filled.next().is_none().then_some(binary)
}

fn c_string(text: &str) -> Result<CString, Error> {
    CString::new(text)
        .map_err(|error| Error::OpenCl { action: "pass text", reason: error.to_string() })
}
