use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{Mutex, PoisonError};

use ocl_core::{Context, Program};

use crate::device::Device;
use crate::error::{Error, While};

/// The programs built for a context, by their source: each is built when it is first asked for.
#[derive(Debug)]
pub(crate) struct Programs {
    device: Device,
    context: Context,
    built: Mutex<HashMap<String, Program>>,
}

impl Programs {
    pub(crate) fn new(device: Device, context: Context) -> Self {
        Programs { device, context, built: Mutex::default() }
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
        let program = self.build(source)?;
        built.insert(source.into(), program.clone());
        Ok(program)
    }

    fn build(&self, source: &str) -> Result<Program, Error> {
        let program = ocl_core::create_program_with_source(&self.context, &[c_string(source)?])
            .or_fail("create a program")?;
        let options = c_string(self.device.build_options())?;
        ocl_core::build_program(&program, Some(&[self.device.id]), &options, None, None)
            .map_err(|error| Error::Build { log: error.to_string() })?;
        Ok(program)
    }
}

fn c_string(text: &str) -> Result<CString, Error> {
    CString::new(text)
        .map_err(|error| Error::OpenCl { action: "pass text", reason: error.to_string() })
}
